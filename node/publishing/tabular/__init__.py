"""Tables of partners: CSV, TSV, Excel and Parquet files, described with the help of a mapping file."""
