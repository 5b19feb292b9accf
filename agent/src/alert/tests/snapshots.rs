//! Metrics snapshots with every documented field in every form, lines of the log, and bytes that are no text.

use super::*;

/// Fields of a snapshot, of all groups that there are: names, and values as JSON has them.
const SNAPSHOT_FIELDS: &[(&str, &str)] = &[
    ("evt.source", "\"syscall\""),
    ("evt.time", "1795412995119922756"),
    ("evt.hostname", "\"node-a\""),
    ("falco.version", "\"0.44.1\""),
    ("falco.kernel_release", "\"6.18\""),
    ("falco.start_ts", "1795412993000000000"),
    ("falco.duration_sec", "2"),
    ("falco.host_num_cpus", "2"),
    ("falco.sha256_config_file.falco", "\"8c1f1230ce (old)\""),
    ("falco.host_netinfo.interfaces.eth0.ipv4", "\"192.0.2.7\""),
    ("falco.outputs_queue_num_drops", "3"),
    ("falco.num_evts", "600505"),
    ("falco.evts_rate_sec", "5486.8"),
    ("falco.rules.matches_total", "4"),
    ("falco.rules.Terminal shell in container", "4"),
    ("falco.rules.Read file (untrusted)", "5"),
    ("falco.cpu_usage_perc", "0.7"),
    ("falco.cpu_usage_perc_total_host", "8"),
    ("falco.memory_rss", "291"),
    ("falco.memory_rss_mb", "78.3"),
    ("falco.n_failed_fd_lookups", "321784597"),
    ("scap.engine_name", "\"modern_bpf\""),
    ("scap.n_evts", "600505"),
    ("scap.n_evts_prev", "14218"),
    ("scap.evts_rate_sec", "528158.9"),
    ("scap.n_drops", "586290"),
    ("scap.n_drops_perc", "97.6"),
    ("scap.n_drops_buffer_total", "586290"),
    ("scap.n_drops_buffer_open_exit", "293143"),
    ("scap.n_drops_scratch_map", "0"),
    ("scap.n_evts_cpu_1", "7"),
    ("scap.n_drops_cpu_1", "5"),
    ("scap.sys_exit.run_cnt", "10"),
    ("scap.sys_exit.avg_time_ns", "158"),
    ("scap.n_evts_task_file_regular", "9"),
    ("plugins.container.n_containers", "8"),
];

#[test]
fn every_field_of_a_snapshot_is_read_in_every_form() {
    let fields: Vec<String> =
        SNAPSHOT_FIELDS.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let fields = fields.join(",");
    let json = format!(
        "{{\"hostname\":\"h\",\"output\":\"{SNAPSHOT}\",\"output_fields\":{{{fields}}},\"priority\":\"Informational\",\
         \"rule\":\"Falco internal: metrics snapshot\",\"source\":\"internal\",\"time\":\"2026-11-23T05:49:58.171836390Z\"}}"
    );
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let pairs: Vec<String> = SNAPSHOT_FIELDS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!("05:49:58.171836390: Informational {SNAPSHOT} ({})", pairs.join(" "));
    let forms = [
        ("json", json.clone()),
        ("pretty", serde_json::to_string_pretty(&value).unwrap()),
        ("output_file", format!("{{\"sample\":1,\"output_fields\":{{{fields}}}}}\n")),
        ("kubectl", format!("[pod/falco-7xk2p/falco] {json}\n")),
        ("docker", serde_json::json!({"log": format!("{json}\n"), "stream": "stdout"}).to_string()),
        ("text", text.clone()),
        ("text in a shell", text.replace('"', "\\\"")),
        ("docker with text", serde_json::json!({"log": text, "stream": "stderr"}).to_string()),
    ];
    let numbers: Fields = SNAPSHOT_FIELDS
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), value.parse().ok()?)))
        .collect();
    assert_eq!(numbers.len(), SNAPSHOT_FIELDS.len() - 7);
    let mut all = String::new();
    for (form, text) in &forms {
        let found = said(text);
        let [Said::Snapshot(snapshot)] = &found[..] else { panic!("{form}: {found:?} in {text}") };
        assert_eq!(snapshot.fields, numbers, "{form}");
        assert_eq!(snapshot.version.as_deref(), Some("0.44.1"), "{form}");
        assert_eq!(snapshot.engine.as_deref(), Some("modern_bpf"), "{form}");
        all.push_str(text);
    }
    assert_eq!(said(&all).len(), forms.len(), "one after the other");
    for cut in [
        "Falco metrics snapshot",
        "Falco metrics snapshot (",
        "Falco metrics snapshot (a=1 b=\"2",
        &text[..200],
    ] {
        assert_eq!(said(cut), [], "{cut}");
    }
}

#[test]
fn numbers_are_finite_and_names_end_where_the_next_snapshot_begins() {
    let fields = |text: &str| {
        let found = said(text);
        let [Said::Snapshot(snapshot)] = &found[..] else { panic!("{found:?}") };
        snapshot.fields.clone()
    };
    assert_eq!(
        fields(&format!("{SNAPSHOT} (a=nan b=inf c=1 d=-infinity)")),
        Fields::from([("c".to_owned(), 1.0)])
    );
    assert_eq!(fields(&format!("{SNAPSHOT} (a=1 b {SNAPSHOT} (c=2)")), Fields::from([("c".to_owned(), 2.0)]));
    let alert = &drops(&format!("{DROP}. 7 system calls dropped in last second. (n_evts=nan n_drops=7)"))[0];
    assert_eq!(alert.fields, Some(Fields::from([("n_drops".to_owned(), 7.0)])));
}

#[test]
fn lines_of_the_log_are_read_with_their_time() {
    let sentence = format!("{DROP}. 7 system calls dropped in last second.");
    for (before, time) in [
        ("Mon Nov 23 04:51:16 2026: ", Some("Mon Nov 23 04:51:16 2026")),
        ("2026-11-23T04:51:16+0000: ", Some("2026-11-23T04:51:16+0000")),
        ("", None),
    ] {
        let found = drops(&format!("{before}{sentence}\n"));
        assert_eq!((found.len(), found[0].n_drops, &found[0].fields), (1, 7, &None), "{before}");
        assert_eq!(found[0].time.0.as_deref(), time);
    }
    assert_eq!(drops(&format!("Nov 23 04:51:16 node-a falco: {sentence}")).len(), 1);
}

#[test]
fn bytes_that_are_no_text_end_what_is_read_and_nothing_else() {
    let sentence = format!("{DROP}. 7 system calls dropped in last second. (n_evts=1 n_drops=7");
    for rest in [&b" \xff\xff\xff\xff)"[..], b" \xff\xff\xff\xff", b"\xf0\x9f)"] {
        let found = |text: &[u8]| -> Vec<Said> {
            Scanner::new(&[text, rest].concat()[..]).map(Result::unwrap).collect()
        };
        let alert = found(sentence.as_bytes());
        let [Said::Drop(DropAlert { n_drops: 7, fields: None, .. })] = &alert[..] else {
            panic!("{alert:?}")
        };
        assert_eq!(found(b"Falco metrics snapshot (a=1"), [], "it is not whole");
    }
}
