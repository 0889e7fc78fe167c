import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.http.impl.client.HttpClientBuilder;
import org.eclipse.rdf4j.federated.FedXConfig;
import org.eclipse.rdf4j.federated.FedXFactory;
import org.eclipse.rdf4j.federated.endpoint.Endpoint;
import org.eclipse.rdf4j.federated.endpoint.EndpointFactory;
import org.eclipse.rdf4j.federated.repository.FedXRepository;
import org.eclipse.rdf4j.http.client.HttpClientSessionManager;
import org.eclipse.rdf4j.http.client.SharedHttpClientSessionManager;
import org.eclipse.rdf4j.query.BooleanQuery;
import org.eclipse.rdf4j.query.Query;
import org.eclipse.rdf4j.query.TupleQuery;
import org.eclipse.rdf4j.query.resultio.sparqljson.SPARQLBooleanJSONWriter;
import org.eclipse.rdf4j.query.resultio.sparqljson.SPARQLResultsJSONWriter;
import org.eclipse.rdf4j.repository.RepositoryConnection;
import org.eclipse.rdf4j.repository.sparql.SPARQLRepository;

/** FedX over SPARQL endpoints, for queries POSTed as application/sparql-query. Arguments: port, seconds a query may take, endpoints. */
public class Serve {
    public static void main(String[] arguments) throws Exception {
        List<String> endpoints = new ArrayList<>(List.of(arguments).subList(2, arguments.length));
        List<Endpoint> members = endpoints.stream().map(EndpointFactory::loadSPARQLEndpoint).toList();
        HttpClientSessionManager fresh = shortLived();
        for (Endpoint member : members) {
            ((SPARQLRepository) member.getRepository()).setHttpClientSessionManager(fresh);
        }
        FedXRepository repository = FedXFactory.newFederation().withMembers(members)
            .withConfig(new FedXConfig().withEnforceMaxQueryTime(Integer.parseInt(arguments[1]))).create();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 64);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/sparql", exchange -> {
            String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            byte[] answer;
            int status = 200;
            try (RepositoryConnection connection = repository.getConnection()) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                Query query = connection.prepareQuery(text);
                if (query instanceof BooleanQuery ask) {
                    new SPARQLBooleanJSONWriter(out).handleBoolean(ask.evaluate());
                } else {
                    ((TupleQuery) query).evaluate(new SPARQLResultsJSONWriter(out));
                }
                answer = out.toByteArray();
            } catch (Exception error) {
                status = 500;
                answer = String.valueOf(error).getBytes(StandardCharsets.UTF_8);
            }
            exchange.getResponseHeaders().set("Content-Type", "application/sparql-results+json");
            exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
    }

    /**
     * Connections as RDF4J makes them, but used for 20 s only: Oxigraph's server ends one that rests for 60 s with an
     * unasked 500, which would be taken for the answer to the next request.
     */
    private static HttpClientSessionManager shortLived() {
        SharedHttpClientSessionManager manager = new SharedHttpClientSessionManager();
        manager.setHttpClientBuilder(HttpClientBuilder.create().setConnectionTimeToLive(20, TimeUnit.SECONDS)
            .evictExpiredConnections().evictIdleConnections(20, TimeUnit.SECONDS)
            .setMaxConnPerRoute(SharedHttpClientSessionManager.MAX_CONN_PER_ROUTE)
            .setMaxConnTotal(SharedHttpClientSessionManager.MAX_CONN_TOTAL)
            .setDefaultRequestConfig(manager.getDefaultRequestConfig()));
        return manager;
    }
}
