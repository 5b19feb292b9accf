//! Renders every kustomization under deploy/ and validates the result against the API schemas.
//!
//! No API server: kubernetes-validate from PyPI carries the schemas, in a virtual environment
//! under `target/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::Tally;
use crate::{
    command,
    mirror::Mirror,
    missing::Missing,
    tools::{self, Package},
    workspace,
};

const VALIDATOR: &str = "kubernetes-validate==1.37.0";
/// Debian 12's kubectl is from 2021 and knows no components; this suite's package does.
const SUITE_OF_KUBECTL: &str = "trixie";

pub(super) fn check() -> Result<Tally> {
    ensure_kubectl()?;
    let validate = validator()?;
    let mut tally = Tally::default();
    for path in kustomizations()? {
        let shown = workspace::shown(&path).to_string();
        let outcome = render_and_validate(&validate, &path);
        println!("{shown}: {}", if outcome.is_ok() { "ok" } else { "FAILED" });
        tally.add(&shown, outcome.map(|()| Tally::one_pass()));
    }
    Ok(tally)
}

fn render_and_validate(validate: &Path, path: &Path) -> Result<()> {
    let rendered = command::text(command::program("kubectl").arg("kustomize").arg(path))?;
    let folder = workspace::target("deploy");
    fs::create_dir_all(&folder).context("create target/deploy")?;
    let name = workspace::shown(path).to_string().replace('/', "-");
    let file = folder.join(format!("{name}.yaml"));
    fs::write(&file, rendered).with_context(|| format!("write {}", file.display()))?;
    command::quiet(command::program(&validate.to_string_lossy()).arg("--strict").arg(&file))
}

/// The base and every overlay: components render only inside one of them.
fn kustomizations() -> Result<Vec<PathBuf>> {
    let deploy = workspace::root().join("deploy");
    let overlays = deploy.join("overlays");
    let mut found = vec![deploy.join("base")];
    if overlays.is_dir() {
        let entries = fs::read_dir(&overlays).context("list deploy/overlays")?;
        found.extend(entries.filter_map(|entry| entry.ok().map(|entry| entry.path())));
    }
    found.retain(|path| path.join("kustomization.yaml").is_file());
    found.sort();
    Ok(found)
}

/// Makes sure of a kubectl; the machine's own one comes first.
pub(super) fn ensure_kubectl() -> Result<()> {
    if command::exists("kubectl") {
        return Ok(());
    }
    println!("xtask: unpacking kubectl under target/tools: it renders deploy/");
    Mirror::open("tools/apt", &[SUITE_OF_KUBECTL])?
        .unpack("kubectl", &workspace::target("tools"))
        .map_err(|error| Missing::error(format!("kubectl ({error:#})"), "apt-get install kubectl"))
}

fn validator() -> Result<PathBuf> {
    let place = workspace::target("tools/python");
    let program = place.join("bin/kubernetes-validate");
    if program.is_file() {
        return Ok(program);
    }
    tools::packages(&[Package { program: "python3", package: "python3-venv", why: "runs the validator" }])?;
    println!("xtask: installing {VALIDATOR} into target/tools/python: it carries the API schemas");
    let mut python = command::program("python3");
    command::quiet(python.args(["-m", "venv"]).arg(&place)).map_err(|error| {
        Missing::error(format!("python3 with venv ({error:#})"), "apt-get install python3-venv")
    })?;
    let mut pip = command::program(&place.join("bin/pip").to_string_lossy());
    pip.args(["install", "--quiet", "--disable-pip-version-check", VALIDATOR]);
    command::quiet(&mut pip)
        .map_err(|_| Missing::error(format!("{VALIDATOR} (PyPI does not answer)"), command::line(&pip)))?;
    Ok(program)
}
