/**
 * Flags that are taken, so that a fleet's flagfiles go on to work, and do nothing: reasons, and which flags they are for.
 * A test looks whether anything in the program asks for them.
 */
const REASONS: Readonly<Record<string, string>> = {
  'not yet: servers are not spoken to so far': `
    carver_block_size carver_compression carver_continue_endpoint carver_disable_function carver_expiry
    carver_start_endpoint config_tls_endpoint config_tls_max_attempts disable_carver disable_distributed
    disable_enrollment disable_reenrollment distributed_denylist_duration distributed_interval distributed_loginfo
    distributed_tls_max_attempts distributed_tls_read_endpoint distributed_tls_write_endpoint enroll_always
    enroll_secret_env enroll_secret_path enroll_tls_endpoint buffered_log_max logger_tls_backoff_max logger_tls_compress
    logger_tls_endpoint logger_tls_max_lines logger_tls_max_linesize logger_tls_period proxy_hostname tls_accept_gzip
    tls_allow_unsafe tls_client_cert tls_client_key tls_disable_status_log tls_dump tls_enroll_max_attempts
    tls_enroll_max_interval tls_enroll_override tls_hostname tls_node_api tls_secret_always tls_server_certs
    tls_session_reuse tls_session_timeout tls_answer_max tls_connect_timeout tls_retry_after_max tls_timeout logger_kafka_acks logger_kafka_brokers logger_kafka_compression
    logger_kafka_topic aws_access_key_id aws_debug aws_disable_imdsv1_fallback aws_enable_proxy aws_enforce_fips
    aws_firehose_endpoint aws_firehose_period aws_firehose_region aws_firehose_stream aws_imdsv2_request_attempts
    aws_imdsv2_request_interval aws_kinesis_disable_log_status aws_kinesis_endpoint aws_kinesis_period
    aws_kinesis_random_partition_key aws_kinesis_region aws_kinesis_stream aws_profile_name aws_proxy_host
    aws_proxy_password aws_proxy_port aws_proxy_scheme aws_proxy_username aws_region aws_secret_access_key
    aws_session_token aws_sts_arn_role aws_sts_region aws_sts_session_name aws_sts_timeout`,
  'there is one buffer, and bpf_ring_buffer_size is for it': 'bpf_buffer_storage_size bpf_perf_event_array_exp',
  'not yet: there are no extensions so far': `
    connect enable_extensions_watchdog extensions_autoload extensions_default_index extensions_interval
    extensions_require extensions_timeout thrift_string_size_limit thrift_timeout
    thrift_verbose enable_foreign`,
  'not yet: the tables that it is for come later': `
    augeas_lenses dns_resolver_refresh_interval docker_socket enable_yara_string keep_container_worker_open lxd_socket
    yara_delay yara_sigurl_authenticate disable_memory`,
  'the watchdog bounds what a query costs': 'hash_delay table_delay profile_delay',
  'a table that fails costs its query, and only that': 'ignore_table_exceptions ignore_registry_exceptions',
  'times are always in UTC, as in osquery of today': 'utc',
  'status lines are always written before the agent goes on': 'logger_status_sync',
  'for services of Windows': 'install uninstall',
  'there are no experiments': 'experiment_list',
  'memory is managed by the runtime': 'malloc_trim_threshold worker_threads',
  'the thread that runs SQL is always started anew with it': 'schedule_reload_sql',
  'the store is not RocksDB': `
    rocksdb_background_flushes rocksdb_buffer_blocks rocksdb_merge_number rocksdb_write_buffer`,
};

/** Names of flags to why they do nothing. */
export const withoutEffect: ReadonlyMap<string, string> = new Map(
  Object.entries(REASONS).flatMap(([reason, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, reason] as const),
  ),
);
