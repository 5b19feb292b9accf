//! A falco.yaml that says what the flags say.

use crate::cli::StandinArgs;

/// Ring bytes of `buf_size_preset` 1; each further preset, up to the last, has twice the bytes.
const FIRST_PRESET_BYTES: u32 = 1 << 20;
const LAST_PRESET: u32 = 10;

/// The file.
pub(super) fn text(arguments: &StandinArgs) -> String {
    let preset = arguments.preset_in_config.or_else(|| preset(arguments.ring_bytes)).map_or_else(
        || format!("# no buf_size_preset has {} bytes", arguments.ring_bytes),
        |preset| format!("buf_size_preset: {preset}"),
    );
    let names: Vec<&str> = arguments.syscalls.iter().map(|syscall| syscall.name()).collect();
    format!(
        "config_files: []
watch_config_files: false
engine:
  kind: modern_ebpf
  modern_ebpf:
    cpus_for_each_buffer: {cpus}
    {preset}
    drop_failed_exit: false
    disable_iterators: true
json_output: true
priority: debug
outputs_queue: {{capacity: {queue}}}
stdout_output: {{enabled: true}}
webserver: {{enabled: {is_served}, listen_address: '{listen}', listen_port: {port}, prometheus_metrics_enabled: \
         {is_served}, k8s_healthz_endpoint: /healthz, ssl_enabled: false, threadiness: 1}}
log_stderr: {logs}
log_syslog: false
log_level: info
syscall_event_drops:
  threshold: {threshold}
  actions: [log, alert]
  rate: {rate}
  max_burst: {burst}
  simulate_drops: false
metrics:
  enabled: {is_served}
  output_rule: false
  kernel_event_counters_enabled: true
  kernel_event_counters_per_cpu_enabled: true
falco_libs: {{snaplen: {snaplen}}}
base_syscalls: {{custom_set: [{names}], repair: false}}
",
        cpus = arguments.cpus_for_each_buffer,
        queue = arguments.output_queue,
        is_served = arguments.port != 0,
        port = arguments.port,
        listen = arguments.listen,
        logs = !arguments.quiet,
        threshold = arguments.threshold,
        rate = arguments.rate,
        burst = arguments.max_burst,
        snaplen = arguments.snaplen,
        names = names.join(", "),
    )
}

fn preset(bytes: u32) -> Option<u32> {
    (1..=LAST_PRESET).find(|preset| FIRST_PRESET_BYTES << (preset - 1) == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_those_of_falco() {
        assert_eq!(preset(8 << 20), Some(4));
        assert_eq!(preset(512 << 20), Some(10));
        assert_eq!((preset(64 << 10), preset(1 << 30)), (None, None));
    }
}
