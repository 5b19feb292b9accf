//! A flag wins over the environment, that over the file, that over the default: seen in `/metrics`.

use anyhow::{Context, Result, ensure};

use crate::agent::{Agent, dropctl};
use crate::exposition::{Values, parse, value};

/// Where a value is given; the last one must win.
struct Layers {
    file: bool,
    environment: bool,
    flag: bool,
}

const LAYERS: [Layers; 4] = [
    Layers { file: false, environment: false, flag: false },
    Layers { file: true, environment: false, flag: false },
    Layers { file: true, environment: true, flag: false },
    Layers { file: true, environment: true, flag: true },
];

/// Runs an agent with each layer's values and shows its page.
fn page(layers: &Layers, file: &str, environment: &[(&str, &str)], flags: &[&str]) -> Result<Values> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("c.yaml");
    std::fs::write(&path, file)?;
    let mut command = dropctl(&["agent", "--listen", "127.0.0.1:0"]);
    if layers.file {
        command.arg("--config").arg(&path);
    }
    if layers.environment {
        command.envs(environment.iter().copied());
    }
    if layers.flag {
        command.args(flags);
    }
    let agent = Agent::start(&mut command)?;
    let page = parse(&agent.metrics()?)?;
    agent.terminate()?;
    Ok(page)
}

pub(crate) fn of_values() -> Result<()> {
    let [mib, kib] = [1024.0 * 1024.0, 1024.0];
    for (layers, (sample, ring_bytes)) in
        LAYERS.iter().zip([(64.0, 8.0 * mib), (8.0, 64.0 * kib), (4.0, 128.0 * kib), (2.0, 256.0 * kib)])
    {
        let page = page(
            layers,
            "sample: 8\nring_bytes: 64KiB\n",
            &[("DROPCTL_SAMPLE", "4"), ("DROPCTL_RING_BYTES", "128KiB")],
            &["--sample", "2", "--ring-bytes", "256KiB"],
        )?;
        let ratio = value(&page, "dropctl_probe_sample_ratio")?;
        ensure!(ratio == 1.0 / sample, "one in {sample} was wanted, the ratio is {ratio}");
        let capacity = value(&page, "dropctl_probe_ring_capacity_bytes")?;
        ensure!(capacity == ring_bytes, "{ring_bytes} bytes were wanted, there are {capacity}");
    }
    // The other way round each time, so that no default can pass for a choice.
    for (layers, mode) in LAYERS.iter().zip(["stream", "count", "stream", "count"]) {
        let page = page(layers, "mode: count\n", &[("DROPCTL_MODE", "stream")], &["--mode", "count"])?;
        value(&page, &format!("dropctl_probe_mode{{mode=\"{mode}\"}}"))?;
        let streams = page.contains_key("dropctl_probe_ring_capacity_bytes");
        ensure!(streams == (mode == "stream"), "mode {mode}, ring: {streams}");
    }
    Ok(())
}

/// YAML and TOML say the same, by flag or by environment; a value of each layer stands beside those of others.
pub(crate) fn of_both_kinds() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, text) in [
        ("c.yaml", "listen: 127.0.0.1:0\nring_bytes: 131072\ninterval: 200ms\n"),
        ("c.yml", "# by hand\nlisten: \"127.0.0.1:0\"\nring_bytes: 128KiB\ninterval: 200ms\n"),
        ("c.toml", "listen = '127.0.0.1:0'\nring_bytes = 131072\ninterval = '200ms'\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text)?;
        let mut by_flag = dropctl(&["agent", "--sample", "32"]);
        by_flag.arg("--config").arg(&path);
        let mut by_environment = dropctl(&["agent", "--sample", "32"]);
        by_environment.env("DROPCTL_CONFIG", &path);
        for command in [&mut by_flag, &mut by_environment] {
            let agent = Agent::start(command).with_context(|| name.to_owned())?;
            let page = parse(&agent.metrics()?)?;
            agent.terminate()?;
            let capacity = value(&page, "dropctl_probe_ring_capacity_bytes")?;
            let ratio = value(&page, "dropctl_probe_sample_ratio")?;
            ensure!(capacity == 131_072.0 && ratio == 1.0 / 32.0, "{name}: {capacity} bytes, ratio {ratio}");
        }
    }
    Ok(())
}
