//! Offsets of struct members in the running kernel, from its BTF.
//!
//! One walk over the type section without building a type table: the agent needs a dozen offsets once, and a
//! table of 150,000 types would stay in its memory. Format: Documentation/bpf/btf.rst in the kernel.

use std::{fs, io, path::Path};

use thiserror::Error;

/// Where the kernel shows its own types.
pub(crate) const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Why the types of this kernel cannot be read.
#[derive(Debug, Error)]
pub enum BtfError {
    /// The file is absent or unreadable.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The bytes are not BTF as we know it.
    #[error("BTF of the kernel is malformed at byte {at}")]
    Malformed {
        /// Offset in the type section.
        at: usize,
    },
}

const MAGIC: u16 = 0xeb9f;
const KIND_INT: u32 = 1;
const KIND_ARRAY: u32 = 3;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
/// typedef, volatile, const, restrict; type_tag.
const KINDS_OF_ANOTHER: [u32; 5] = [8, 9, 10, 11, 18];
const KIND_FUNC_PROTO: u32 = 13;
const KIND_DATASEC: u32 = 15;
const KIND_ENUM64: u32 = 19;

/// The raw BTF of a kernel.
pub(crate) struct Btf {
    bytes: Vec<u8>,
    types: usize,
    types_end: usize,
    strings: usize,
}

/// One entry of the type section.
#[derive(Clone, Copy)]
struct Type {
    name: u32,
    kind: u32,
    /// Members, values or parameters.
    count: usize,
    /// Kind-specific data.
    body: usize,
    /// Struct members carry their offset in bits together with a bitfield size.
    has_bitfields: bool,
}

impl Btf {
    /// Reads a BTF file.
    ///
    /// # Errors
    ///
    /// [`BtfError`].
    pub(crate) fn read(path: &Path) -> Result<Self, BtfError> {
        let bytes =
            fs::read(path).map_err(|source| BtfError::Read { path: path.display().to_string(), source })?;
        Self::parse(bytes)
    }

    /// Takes the bytes of a BTF file.
    ///
    /// # Errors
    ///
    /// [`BtfError::Malformed`].
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, BtfError> {
        let mut btf = Self { bytes, types: 0, types_end: 0, strings: 0 };
        let magic = btf.word(0)? & 0xffff;
        if magic != u32::from(MAGIC) {
            return Err(BtfError::Malformed { at: 0 });
        }
        let header = btf.word(4)? as usize;
        btf.types = header + btf.word(8)? as usize;
        btf.types_end = btf.types + btf.word(12)? as usize;
        btf.strings = header + btf.word(16)? as usize;
        Ok(btf)
    }

    /// Byte offset of `member` in `struct name`, looking into anonymous structs and unions. `None` if this
    /// kernel has no such struct or member, or if it is a bit field.
    ///
    /// # Errors
    ///
    /// [`BtfError::Malformed`].
    pub(crate) fn member_offset(&self, name: &str, member: &str) -> Result<Option<u32>, BtfError> {
        let mut at = self.types;
        while at < self.types_end {
            let (ty, next) = self.type_at(at)?;
            if ty.kind == KIND_STRUCT && ty.count > 0 && self.string_is(ty.name, name) {
                return self.find_member(ty, member, 0);
            }
            at = next;
        }
        Ok(None)
    }

    /// Value of the enumerator `name` in any 32-bit enum.
    ///
    /// # Errors
    ///
    /// [`BtfError::Malformed`].
    pub(crate) fn enumerator(&self, name: &str) -> Result<Option<u32>, BtfError> {
        let mut at = self.types;
        while at < self.types_end {
            let (ty, next) = self.type_at(at)?;
            if ty.kind == KIND_ENUM {
                for index in 0..ty.count {
                    if self.string_is(self.word(ty.body + 8 * index)?, name) {
                        return self.word(ty.body + 8 * index + 4).map(Some);
                    }
                }
            }
            at = next;
        }
        Ok(None)
    }

    /// Names and byte offsets of the members of a struct that are 64-bit integers; empty for what is no struct.
    ///
    /// # Errors
    ///
    /// [`BtfError::Malformed`].
    pub(crate) fn words(&self, type_id: u32) -> Result<Vec<(String, usize)>, BtfError> {
        let ty = self.resolve(type_id)?;
        let mut words = Vec::new();
        for index in 0..if ty.kind == KIND_STRUCT { ty.count } else { 0 } {
            let at = ty.body + 12 * index;
            let (name, type_id, bits) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
            let member = self.resolve(type_id)?;
            // The word before a type's body is its size.
            let is_word = member.kind == KIND_INT && self.word(member.body - 4)? == 8;
            if is_word && !ty.has_bitfields && bits.is_multiple_of(8) {
                words.push((self.string(name)?, bits as usize / 8));
            }
        }
        Ok(words)
    }

    /// The type that is left without typedef, const and their like.
    fn resolve(&self, type_id: u32) -> Result<Type, BtfError> {
        const DEEPEST: usize = 16;
        let mut ty = self.type_by_id(type_id)?;
        for _ in 0..DEEPEST {
            if !KINDS_OF_ANOTHER.contains(&ty.kind) {
                return Ok(ty);
            }
            ty = self.type_by_id(self.word(ty.body - 4)?)?;
        }
        Err(BtfError::Malformed { at: ty.body })
    }

    fn string(&self, offset: u32) -> Result<String, BtfError> {
        const LONGEST: usize = 128;
        let start = self.strings + offset as usize;
        let bytes = self.bytes.get(start..).ok_or(BtfError::Malformed { at: start })?;
        let end = bytes.iter().take(LONGEST).position(|byte| *byte == 0);
        let end = end.ok_or(BtfError::Malformed { at: start })?;
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    fn find_member(&self, ty: Type, member: &str, base_bits: u32) -> Result<Option<u32>, BtfError> {
        for index in 0..ty.count {
            let at = ty.body + 12 * index;
            let (name, type_id, offset) = (self.word(at)?, self.word(at + 4)?, self.word(at + 8)?);
            let (bits, bitfield) =
                if ty.has_bitfields { (offset & 0xff_ffff, offset >> 24) } else { (offset, 0) };
            let bits = base_bits + bits;
            if name == 0 {
                let inner = self.type_by_id(type_id)?;
                if matches!(inner.kind, KIND_STRUCT | KIND_UNION)
                    && let Some(found) = self.find_member(inner, member, bits)?
                {
                    return Ok(Some(found));
                }
            } else if self.string_is(name, member) {
                return Ok((bitfield == 0 && bits.is_multiple_of(8)).then_some(bits / 8));
            }
        }
        Ok(None)
    }

    fn type_by_id(&self, id: u32) -> Result<Type, BtfError> {
        let mut at = self.types;
        let mut current = 1;
        while at < self.types_end {
            let (ty, next) = self.type_at(at)?;
            if current == id {
                return Ok(ty);
            }
            current += 1;
            at = next;
        }
        Err(BtfError::Malformed { at })
    }

    /// The type at a byte offset, and the offset of the one after it.
    fn type_at(&self, at: usize) -> Result<(Type, usize), BtfError> {
        let (name, info) = (self.word(at)?, self.word(at + 4)?);
        let kind = (info >> 24) & 0x1f;
        let count = (info & 0xffff) as usize;
        let body = at + 12;
        let body_bytes = match kind {
            KIND_ARRAY | KIND_STRUCT | KIND_UNION | KIND_DATASEC | KIND_ENUM64 => {
                12 * if kind == KIND_ARRAY { 1 } else { count }
            }
            KIND_ENUM | KIND_FUNC_PROTO => 8 * count,
            // int, var, decl_tag
            1 | 14 | 17 => 4,
            // ptr, fwd, typedef, volatile, const, restrict, func, float, type_tag
            2 | 7..=12 | 16 | 18 => 0,
            _ => return Err(BtfError::Malformed { at }),
        };
        Ok((Type { name, kind, count, body, has_bitfields: info >> 31 == 1 }, body + body_bytes))
    }

    fn word(&self, at: usize) -> Result<u32, BtfError> {
        self.bytes
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes)
            .ok_or(BtfError::Malformed { at })
    }

    fn string_is(&self, offset: u32, expected: &str) -> bool {
        let start = self.strings + offset as usize;
        let end = start + expected.len();
        self.bytes.get(start..end) == Some(expected.as_bytes()) && self.bytes.get(end) == Some(&0)
    }
}

#[cfg(test)]
mod tests;
