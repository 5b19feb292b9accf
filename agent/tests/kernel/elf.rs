//! Programs of a few bytes, written by hand into memory files, so that no compiler is needed.

use std::{
    ffi::CString,
    fs::File,
    io::Write as _,
    os::fd::{AsRawFd as _, FromRawFd as _},
};

use anyhow::{Context as _, Result, ensure};

use crate::raw;

/// Where the programs are mapped.
const BASE: u32 = 0x1_0000;

/// A program in a memory file, executable by descriptor and by path.
pub(crate) struct Program {
    file: File,
    path: CString,
}

impl Program {
    fn new(image: &[u8]) -> Result<Self> {
        // SAFETY: a constant C string. Not closed on exec, so that a program can execute another.
        let fd = unsafe { libc::memfd_create(c"dropctl-test".as_ptr(), 0) };
        ensure!(fd >= 0, "memfd_create: {}", std::io::Error::last_os_error());
        // SAFETY: a descriptor that nobody else owns.
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.write_all(image).context("write a program")?;
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        Ok(Self { file, path })
    }

    /// 64 bit: ends with 0.
    pub(crate) fn exit64() -> Result<Self> {
        // mov eax, SYS_exit; xor edi, edi; syscall
        Self::new(&elf64(&[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05]))
    }

    /// 32 bit: `calls` syscalls of this number without arguments, then ends with 0.
    pub(crate) fn loop32(number: u32, calls: u32) -> Result<Self> {
        let mut code = vec![0xb9];
        code.extend(calls.to_le_bytes()); // mov ecx, calls
        code.push(0xb8);
        code.extend(number.to_le_bytes()); // again: mov eax, number
        code.extend([0xcd, 0x80, 0x49, 0x75, 0xf6]); // int 0x80; dec ecx; jnz again
        code.extend(EXIT32);
        Self::new(&elf32(&code))
    }

    /// 32 bit: executes `next` in its place.
    pub(crate) fn exec32(next: &Self) -> Result<Self> {
        let path = BASE + HEADERS32 + 23;
        let mut code = vec![0xb8, 11, 0, 0, 0, 0xbb]; // mov eax, execve
        code.extend(path.to_le_bytes()); // mov ebx, path
        code.extend([0x31, 0xc9, 0x31, 0xd2, 0xcd, 0x80]); // xor ecx, ecx; xor edx, edx; int 0x80
        code.extend([0xb3, 1, 0xb0, 1, 0xcd, 0x80, 0x90]); // mov bl, 1; mov al, exit; int 0x80; nop
        code.extend(next.path.as_bytes_with_nul());
        Self::new(&elf32(&code))
    }

    /// `execveat` by descriptor. Returns only if it failed. For forked children.
    pub(crate) fn execveat(&self) -> isize {
        let no_strings: [usize; 1] = [0];
        let fd = usize::try_from(self.file.as_raw_fd()).unwrap_or(usize::MAX);
        let (empty, none) = (c"".as_ptr() as usize, no_strings.as_ptr() as usize);
        // SAFETY: the strings and lists outlive the call.
        unsafe { raw::call(libc::SYS_execveat, [fd, empty, none, none, libc::AT_EMPTY_PATH as usize, 0]) }
    }

    /// `execve` by path. Returns only if it failed. For forked children.
    pub(crate) fn execve(&self) -> isize {
        let no_strings: [usize; 1] = [0];
        let none = no_strings.as_ptr() as usize;
        // SAFETY: as above.
        unsafe { raw::call(libc::SYS_execve, [self.path.as_ptr() as usize, none, none, 0, 0, 0]) }
    }
}

/// mov eax, exit; xor ebx, ebx; int 0x80
const EXIT32: [u8; 9] = [0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80];
const HEADERS32: u32 = 52 + 32;
const HEADERS64: u64 = 64 + 56;

/// Headers of one read-execute segment (elf(5)).
fn elf32(code: &[u8]) -> Vec<u8> {
    let mut image = identification(1);
    let size = HEADERS32 + u32::try_from(code.len()).unwrap_or(0);
    for half in [2_u16, 3] {
        image.extend(half.to_le_bytes()); // executable, i386
    }
    for word in [1, BASE + HEADERS32, 52, 0, 0] {
        image.extend(word.to_le_bytes()); // version, entry, program headers, no sections, flags
    }
    for half in [52_u16, 32, 1, 0, 0, 0] {
        image.extend(half.to_le_bytes()); // sizes and counts
    }
    for word in [1, 0, BASE, BASE, size, size, 5, 0x1000] {
        image.extend(word.to_le_bytes()); // load, offset, addresses, sizes, read-execute, alignment
    }
    image.extend(code);
    image
}

fn elf64(code: &[u8]) -> Vec<u8> {
    let mut image = identification(2);
    let base = u64::from(BASE);
    let size = HEADERS64 + code.len() as u64;
    for half in [2_u16, 62] {
        image.extend(half.to_le_bytes()); // executable, x86_64
    }
    image.extend(1_u32.to_le_bytes());
    for long in [base + HEADERS64, 64, 0] {
        image.extend(long.to_le_bytes()); // entry, program headers, no sections
    }
    image.extend(0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        image.extend(half.to_le_bytes());
    }
    for word in [1_u32, 5] {
        image.extend(word.to_le_bytes()); // load, read-execute
    }
    for long in [0, base, base, size, size, 0x1000] {
        image.extend(long.to_le_bytes());
    }
    image.extend(code);
    image
}

fn identification(class: u8) -> Vec<u8> {
    let mut bytes = vec![0x7f, b'E', b'L', b'F', class, 1, 1];
    bytes.resize(16, 0);
    bytes
}
