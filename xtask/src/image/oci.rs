//! The OCI image layout: one layer, its configuration, its manifest, and an index with its name.
//!
//! Formats: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::archive;

/// What goes into an image.
pub(super) struct Image<'a> {
    pub(super) program: &'a [u8],
    /// Repository and tag, fully qualified: containerd stores it under this name.
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) revision: &'a str,
}

impl Image<'_> {
    pub(super) fn archive(&self) -> Result<Vec<u8>> {
        let plain = archive::tar(vec![("dropctl".to_owned(), 0o755, self.program)])?;
        let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        gzip.write_all(&plain).context("compress the layer")?;
        let layer = Blob::new("layer.v1.tar+gzip", gzip.finish().context("compress the layer")?);
        let config = Blob::new("config.v1+json", self.config(&digest(&plain)).to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
        });
        let manifest = Blob::new("manifest.v1+json", manifest.to_string().into_bytes());
        let mut named = manifest.descriptor();
        named["platform"] = json!({ "architecture": "amd64", "os": "linux" });
        named["annotations"] = json!({
            "io.containerd.image.name": self.name,
            "org.opencontainers.image.ref.name": self.version,
        });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [named],
        })
        .to_string();
        archive::tar(vec![
            ("oci-layout".to_owned(), 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#),
            ("index.json".to_owned(), 0o644, index.as_bytes()),
            (layer.path(), 0o644, &layer.bytes),
            (config.path(), 0o644, &config.bytes),
            (manifest.path(), 0o644, &manifest.bytes),
        ])
    }

    fn config(&self, layer: &str) -> Value {
        json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": ["/dropctl"],
                "Cmd": ["agent"],
                "Labels": {
                    "org.opencontainers.image.title": "dropctl",
                    "org.opencontainers.image.description": "Explains why BPF ring buffers drop events on a node",
                    "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
                    "org.opencontainers.image.version": self.version,
                    "org.opencontainers.image.revision": self.revision,
                },
            },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer}")] },
            "history": [{ "created_by": "cargo xtask image" }],
        })
    }
}

/// Bytes that are stored under their own digest.
struct Blob {
    kind: &'static str,
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(kind: &'static str, bytes: Vec<u8>) -> Self {
        Self { kind, digest: digest(&bytes), bytes }
    }

    fn descriptor(&self) -> Value {
        json!({
            "mediaType": format!("application/vnd.oci.image.{}", self.kind),
            "digest": format!("sha256:{}", self.digest),
            "size": self.bytes.len(),
        })
    }

    fn path(&self) -> String {
        format!("blobs/sha256/{}", self.digest)
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const IMAGE: Image<'_> =
        Image { program: b"\x7fELF", name: "example.org/dropctl:1", version: "1", revision: "abc" };

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        assert_eq!(IMAGE.archive().expect("one"), IMAGE.archive().expect("two"));
    }

    #[test]
    fn every_blob_lies_under_its_digest_and_the_index_names_the_image() {
        let bytes = IMAGE.archive().expect("archive");
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut blobs = 0;
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("entry");
            let path = entry.path().expect("path").display().to_string();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).expect("contents");
            if let Some(name) = path.strip_prefix("blobs/sha256/") {
                assert_eq!(name, digest(&contents));
                blobs += 1;
            } else if path == "index.json" {
                let index: Value = serde_json::from_slice(&contents).expect("json");
                let names = &index["manifests"][0]["annotations"];
                assert_eq!(names["io.containerd.image.name"], "example.org/dropctl:1");
            }
        }
        assert_eq!(blobs, 3);
    }
}
