//! Functions and types that change nothing that a consumer could have meant to change.

pub(super) fn is_harmless(function: &str) -> bool {
    HARMLESS.contains(&function) || PREFIXES.iter().any(|prefix| function.starts_with(prefix))
}

/// An advisory lock ends with its connection or its transaction: nothing is stored.
const PREFIXES: &[&str] = &[
    "pg_advisory_",
    "pg_get_",
    "pg_stat_get_",
    "pg_try_advisory_",
    "regexp_",
];

/// A sequence and a setting are not data: the one is never taken back, the other ends with its
/// session.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "any_value", "array_agg", "avg", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "corr",
    "count", "covar_pop", "covar_samp", "cume_dist", "dense_rank", "every", "first_value",
    "json_agg", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "lag", "last_value", "lead",
    "max", "min", "mode", "nth_value", "ntile", "percent_rank", "percentile_cont",
    "percentile_disc", "range_agg", "rank", "row_number", "stddev", "stddev_pop", "stddev_samp",
    "string_agg", "sum", "var_pop", "var_samp", "variance", "xmlagg",
    "coalesce", "greatest", "least", "nullif", "num_nonnulls", "num_nulls", "pg_typeof",
    "generate_series", "generate_subscripts", "unnest",
    "abs", "cbrt", "ceil", "ceiling", "degrees", "div", "exp", "factorial", "floor", "gcd", "lcm",
    "ln", "log", "log10", "mod", "pi", "power", "pow", "radians", "random", "round", "sign", "sqrt",
    "trunc", "width_bucket", "sin", "cos", "tan", "atan", "atan2", "acos", "asin",
    "ascii", "bit_length", "btrim", "char_length", "character_length", "chr", "concat", "concat_ws",
    "convert", "convert_from", "convert_to", "decode", "encode", "format", "get_byte", "initcap",
    "left", "length", "lower", "lpad", "ltrim", "md5", "normalize", "octet_length", "overlay",
    "parse_ident", "position", "quote_ident", "quote_literal", "quote_nullable", "repeat",
    "replace", "reverse", "right", "rpad", "rtrim", "sha224", "sha256", "sha384", "sha512",
    "split_part", "starts_with", "string_to_array", "string_to_table", "strpos", "substr",
    "substring", "to_ascii", "to_hex", "translate", "trim", "upper", "hashtext", "hashtextextended",
    "age", "clock_timestamp", "current_time", "current_timestamp", "date_bin", "date_part",
    "date_trunc", "extract", "isfinite", "justify_days", "justify_hours", "justify_interval",
    "localtime", "localtimestamp", "make_date", "make_interval", "make_time", "make_timestamp",
    "make_timestamptz", "now", "statement_timestamp", "timeofday", "timezone", "to_char", "to_date",
    "to_number", "to_timestamp", "transaction_timestamp", "pg_sleep", "pg_sleep_for",
    "pg_sleep_until",
    "array_append", "array_cat", "array_dims", "array_fill", "array_length", "array_lower",
    "array_ndims", "array_position", "array_positions", "array_prepend", "array_remove",
    "array_replace", "array_to_json", "array_to_string", "array_upper", "cardinality", "isempty",
    "json", "json_array", "json_array_elements", "json_array_elements_text", "json_array_length",
    "json_arrayagg", "json_build_array", "json_build_object", "json_each", "json_each_text",
    "json_exists", "json_extract_path", "json_extract_path_text", "json_object", "json_object_keys",
    "json_objectagg", "json_populate_record", "json_populate_recordset", "json_query",
    "json_scalar", "json_serialize", "json_strip_nulls", "json_to_record", "json_to_recordset",
    "json_typeof", "json_value", "jsonb", "jsonb_array_elements", "jsonb_array_elements_text",
    "jsonb_array_length", "jsonb_build_array", "jsonb_build_object", "jsonb_each",
    "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_insert",
    "jsonb_object", "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_match",
    "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_populate_record",
    "jsonb_populate_recordset", "jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_strip_nulls",
    "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof", "lower_inc", "lower_inf",
    "plainto_tsquery", "phraseto_tsquery", "range_merge", "row_to_json", "setweight", "to_json",
    "to_jsonb", "to_tsquery", "to_tsvector", "trim_array", "ts_headline", "ts_rank", "ts_rank_cd",
    "upper_inc", "upper_inf", "websearch_to_tsquery", "xmlelement", "xmlforest", "xpath",
    // Of extensions that come with Postgres.
    "crypt", "digest", "gen_random_bytes", "gen_salt", "hmac", "similarity", "unaccent",
    "word_similarity",
    "gen_random_uuid", "uuid_extract_timestamp", "uuid_extract_version", "uuid_generate_v1",
    "uuid_generate_v1mc", "uuid_generate_v4", "uuid_generate_v5", "uuidv4", "uuidv7",
    // Types, as a cast or with a length.
    "bigint", "bit", "bool", "boolean", "bpchar", "bytea", "char", "character", "date", "daterange",
    "dec", "decimal", "float", "float4", "float8", "inet", "int", "int2", "int4", "int4range",
    "int8", "int8range", "integer", "interval", "numeric", "numrange", "oid", "real", "regclass",
    "smallint", "text", "time", "timestamp", "timestamptz", "timetz", "tsrange", "tstzrange",
    "uuid", "varbit", "varchar", "xml",
    // The server, the session and the catalog: what drivers and pools ask at their start.
    "acldefault", "aclexplode", "col_description", "current_catalog", "current_database",
    "current_query", "current_role", "current_schema", "current_schemas", "current_setting",
    "current_user", "format_type", "has_any_column_privilege", "has_column_privilege",
    "has_database_privilege", "has_function_privilege", "has_schema_privilege",
    "has_sequence_privilege", "has_table_privilege", "inet_client_addr", "inet_client_port",
    "inet_server_addr", "inet_server_port", "obj_description", "pg_backend_pid",
    "pg_blocking_pids", "pg_char_to_encoding", "pg_client_encoding", "pg_collation_is_visible",
    "pg_column_size", "pg_conf_load_time", "pg_current_snapshot", "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn", "pg_current_xact_id", "pg_current_xact_id_if_assigned",
    "pg_database_size", "pg_describe_object", "pg_encoding_to_char", "pg_function_is_visible",
    "pg_has_role", "pg_indexes_size", "pg_is_in_recovery", "pg_is_wal_replay_paused",
    "pg_isolation_test_session_is_blocked", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp", "pg_my_temp_schema", "pg_opclass_is_visible",
    "pg_operator_is_visible", "pg_postmaster_start_time", "pg_relation_filenode",
    "pg_relation_size", "pg_safe_snapshot_blocking_pids", "pg_sequence_last_value",
    "pg_show_all_settings", "pg_size_pretty", "pg_snapshot_xmax", "pg_snapshot_xmin",
    "pg_table_is_visible", "pg_table_size", "pg_tablespace_location", "pg_timezone_abbrevs",
    "pg_timezone_names", "pg_total_relation_size", "pg_ts_config_is_visible",
    "pg_type_is_visible", "pg_visible_in_snapshot", "pg_wal_lsn_diff", "pg_xact_status",
    "row_security_active", "session_user", "shobj_description", "to_regclass", "to_regnamespace",
    "to_regproc", "to_regprocedure", "to_regrole", "to_regtype", "txid_current",
    "txid_current_if_assigned", "txid_current_snapshot", "txid_snapshot_xmax",
    "txid_snapshot_xmin", "txid_status", "txid_visible_in_snapshot", "user", "version",
    // No data: see above.
    "currval", "lastval", "nextval", "set_config",
];
