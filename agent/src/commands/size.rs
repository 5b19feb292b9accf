//! `dropctl size`: which ring buffer would have been enough for what is seen, remembered or recorded.

use anyhow::{Context as _, Result, ensure};
use bytesize::ByteSize;

use super::{
    limits,
    names::Names,
    output::Output,
    progress::{Progress, Work},
    source::{Source, TOO_SHORT},
};
use crate::{
    cli::{Format, SizeArgs},
    config::ReportConfig,
    sizing,
};

/// Runs the command.
pub fn run(args: &SizeArgs) -> Result<()> {
    let config = ReportConfig::of_size(args, limits())?;
    let sizes = args.sizes.iter().map(|size| possible(*size)).collect::<Result<Vec<u64>>>()?;
    let (output, format) = Output::of_page(&args.page)?;
    let mut names = Names::of_page(&args.page, &output, format)?;
    let (mut timeline, name) = match Source::take(&args.source, &config)? {
        Source::Timeline(timeline, name) => (timeline, name),
        Source::Page(page) => return output.write(page),
    };
    let sized = Progress::start(Work::Doing("trying other rings"));
    names.redact(&mut timeline, &name)?;
    let sizing = sizing::size(&timeline.all(), &sizes).with_context(|| format!("{name}: {TOO_SHORT}"))?;
    names.finish()?;
    let page = match format {
        Format::Text => sizing::text(&sizing),
        Format::Markdown => sizing::markdown(&sizing),
        Format::Html => sizing::html(&sizing),
        Format::Json => sizing::json(&sizing).context("write it as JSON")?,
    };
    drop(sized);
    output.write_page(format, page)
}

/// A ring is a power of two of whole pages, wherever it will be (`ringbuf_map_alloc`, kernel/bpf/ringbuf.c).
fn possible(size: ByteSize) -> Result<u64> {
    /// The smallest page of any kernel that dropctl runs on.
    const PAGE: u64 = 4096;
    let bytes = size.as_u64();
    ensure!(
        bytes.is_power_of_two() && bytes >= PAGE && u32::try_from(bytes).is_ok(),
        "no ring has {size}: it is a power of two from 4 KiB to 2 GiB, such as {}",
        ByteSize::b(bytes.clamp(PAGE, 1 << 31).next_power_of_two())
    );
    Ok(bytes)
}
