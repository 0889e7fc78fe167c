"""The words of the domain: identifiers of descriptions, access tiers."""
