//! The sources of the private apt root, derived from the machine's own apt configuration.

use std::path::Path;

use anyhow::Result;

use crate::{command, missing::Missing};

/// Codenames by which a source of Debian's is recognised before its lists were ever fetched.
const DEBIAN: [&str; 8] = ["buster", "bullseye", "bookworm", "trixie", "forky", "sid", "stable", "oldstable"];

/// One line per suite; a suite whose archive this machine does not use is left out.
pub(super) fn list(suites: &[&str], keys: &Path) -> Result<String> {
    let configured = command::text(command::program("apt-get").args([
        "indextargets",
        "--format",
        "$(SITE) $(RELEASE) $(ORIGIN)",
    ]))?;
    let main = site(&configured, false)
        .ok_or_else(|| Missing::error("a Debian mirror in this machine's apt sources", "apt edit-sources"))?;
    let security = site(&configured, true);
    let lines = suites.iter().filter_map(|suite| {
        let site = if suite.ends_with("-security") { security? } else { main };
        Some(format!("deb [signed-by={} target=Packages] {site} {suite} main\n", keys.display()))
    });
    Ok(lines.collect())
}

/// The site of Debian's main or security archive, as the machine names it.
fn site(configured: &str, security: bool) -> Option<&str> {
    configured.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (site, release) = (words.next()?, words.next()?);
        let codename = release.split(['-', '/']).next().unwrap_or_default();
        // Origin is known only once the lists were fetched.
        let debian = match words.next() {
            Some(origin) if !origin.is_empty() => origin == "Debian",
            _ => DEBIAN.contains(&codename),
        };
        let is_security = release.ends_with("-security") || release.ends_with("/updates");
        (debian && is_security == security).then_some(site)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURED: &str = "http://other/repo cloud-x Google\n\
        http://mirror/debian bookworm Debian\n\
        http://mirror/debian bookworm-updates Debian\n\
        http://mirror/security bookworm-security Debian\n";

    #[test]
    fn the_machine_names_the_mirror() {
        assert_eq!(site(CONFIGURED, false), Some("http://mirror/debian"));
        assert_eq!(site(CONFIGURED, true), Some("http://mirror/security"));
    }

    #[test]
    fn without_lists_the_codename_decides() {
        assert_eq!(site("http://other/x nodistro \nhttp://m/d trixie \n", false), Some("http://m/d"));
        assert_eq!(site("http://other/x nodistro \n", false), None);
    }
}
