//! A C program, made for the kernels of a module, that reads calls from a file and writes what they gave to another.
//!
//! ```text
//!   a call:    which kernel: u64, rows: u64, then for each argument its length (u64; -1: a null pointer) and its bytes;
//!              of a result the length alone
//!   an answer: what was returned: i32, the error: 24 bytes, the bytes of each result
//! ```
//!
//! It is written from the kernels' signatures, not from what the crate makes of them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use filbert_ir::{Datum, OnError, Param, ResultTy, Scalar, Type, VerifiedKernel};

use crate::run;

const HEAD: &str = r#"#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *in, *out;

static uint64_t number(void) {
    uint64_t n;
    if (fread(&n, 8, 1, in) != 1) exit(in && feof(in) ? 0 : 2);
    return n;
}

/* Memory of just these bytes, so that a tool that watches them sees what is touched beyond. */
static void *column(void) {
    uint64_t bytes = number();
    if (bytes == UINT64_MAX) return NULL;
    char *place = malloc(bytes ? bytes : 1);
    if (!place || fread(place, 1, bytes, in) != bytes) exit(3);
    return place;
}

static size_t room_bytes[256];
static void *rooms[256];
static int room_count;

static void *room(void) {
    uint64_t bytes = number();
    void *place = malloc(bytes ? bytes : 1);
    memset(place, 0xa5, bytes);
    room_bytes[room_count] = bytes;
    return rooms[room_count++] = place;
}

static void answer(int32_t code, const filbert_error *error) {
    fwrite(&code, 4, 1, out);
    fwrite(error, sizeof *error, 1, out);
    for (int i = 0; i < room_count; i++) {
        fwrite(rooms[i], 1, room_bytes[i], out);
        free(rooms[i]);
    }
    room_count = 0;
}

int main(int argc, char **argv) {
    if (argc != 3 || !(in = fopen(argv[1], "rb")) || !(out = fopen(argv[2], "wb"))) return 1;
    for (;;) {
        uint64_t kernel = number(), rows = number();
        filbert_error error;
        memset(&error, 0xa5, sizeof error);
        switch (kernel) {
"#;

const TAIL: &str = "        default: return 4;
        }
    }
}
";

/// Whether a result comes with flags.
pub(crate) fn has_valid(kernel: &VerifiedKernel, result: &ResultTy) -> bool {
    kernel.core.signature.on_error == OnError::Null || matches!(result, ResultTy::Scalar { nullable: true, .. })
}

/// The program.
fn program(header: &str, kernels: &[VerifiedKernel]) -> String {
    let mut text = format!("#include \"{header}\"\n{HEAD}");
    for (index, kernel) in kernels.iter().enumerate() {
        let signature = &kernel.core.signature;
        let (mut lines, mut names, mut frees) = (String::new(), Vec::new(), String::new());
        let mut add = |is_result: bool| {
            let name = format!("a{}", names.len());
            let _ = writeln!(lines, "            void *{name} = {}();", if is_result { "room" } else { "column" });
            if !is_result {
                let _ = write!(frees, " free({name});");
            }
            names.push(name);
        };
        for param in &signature.params {
            add(false);
            match param {
                Param::Scalar { nullable: true, .. } | Param::List { len: None, .. } => add(false),
                _ => {}
            }
        }
        for result in &signature.results {
            add(true);
            if has_valid(kernel, result) {
                add(true);
            }
        }
        let _ = write!(
            text,
            "        case {index}: {{\n{lines}            answer(filbert_{}(rows, {}, &error), &error);\n           {frees}\n            break;\n        }}\n",
            kernel.name(),
            names.join(", "),
        );
    }
    text + TAIL
}

/// The program, compiled and linked with the module's archive.
pub(crate) struct Harness<'k> {
    folder: PathBuf,
    kernels: &'k [VerifiedKernel],
}

/// A call of one kernel.
pub(crate) struct Call {
    pub(crate) kernel: usize,
    pub(crate) rows: Vec<Vec<Datum>>,
    /// Whether null pointers stand for flags where no row is null.
    pub(crate) omits_flags: bool,
}

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) error_row: u64,
    pub(crate) error_code: u32,
    pub(crate) place: (u32, u32),
    /// Bytes of each result's values, and its flags.
    pub(crate) results: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl<'k> Harness<'k> {
    /// Compiles it in a folder that holds the module's files.
    pub(crate) fn new(mut compiler: Command, folder: &Path, name: &str, kernels: &'k [VerifiedKernel]) -> Harness<'k> {
        std::fs::write(folder.join("harness.c"), program(&format!("{name}.h"), kernels)).unwrap();
        let library = format!("-l{name}");
        let words =
            ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "harness.c", "-o", "harness", "-L.", &library, "-lm"];
        run(compiler.current_dir(folder).args(words));
        Harness { folder: folder.into(), kernels }
    }

    /// Makes these calls in one run of the program.
    pub(crate) fn call(&self, calls: &[Call]) -> Vec<Answer> {
        let mut input = Vec::new();
        for call in calls {
            self.encode(call, &mut input);
        }
        std::fs::write(self.folder.join("in"), input).unwrap();
        run(Command::new("./harness").current_dir(&self.folder).args(["in", "out"]));
        let output = std::fs::read(self.folder.join("out")).unwrap();
        let mut rest = output.as_slice();
        let answers = calls.iter().map(|call| self.decode(call, &mut rest)).collect();
        assert!(rest.is_empty(), "{} bytes too many", rest.len());
        answers
    }

    fn encode(&self, call: &Call, out: &mut Vec<u8>) {
        let kernel = &self.kernels[call.kernel];
        let number = |out: &mut Vec<u8>, n: usize| out.extend((n as u64).to_le_bytes());
        number(out, call.kernel);
        number(out, call.rows.len());
        let column = |out: &mut Vec<u8>, bytes: Vec<u8>| {
            number(out, bytes.len());
            out.extend(bytes);
        };
        for (index, param) in kernel.core.signature.params.iter().enumerate() {
            let data = || call.rows.iter().map(|row| &row[index]);
            column(out, data().flat_map(|datum| bytes_of(datum, param)).collect());
            match param {
                Param::Scalar { nullable: true, .. } => {
                    let flags: Vec<u8> = data().map(|datum| u8::from(*datum != Datum::Null)).collect();
                    match call.omits_flags && !flags.contains(&0) {
                        true => out.extend(u64::MAX.to_le_bytes()),
                        false => column(out, flags),
                    }
                }
                Param::List { len: None, .. } => {
                    let mut offset = 0u64;
                    let ends = data().map(|datum| {
                        let Datum::List(list) = datum else { panic!("{datum:?} is no list") };
                        offset += list.len() as u64;
                        offset
                    });
                    column(out, std::iter::once(0).chain(ends).flat_map(u64::to_le_bytes).collect());
                }
                _ => {}
            }
        }
        for result in &kernel.core.signature.results {
            number(out, call.rows.len() * row_bytes(kernel, result));
            if has_valid(kernel, result) {
                number(out, call.rows.len());
            }
        }
    }

    fn decode(&self, call: &Call, rest: &mut &[u8]) -> Answer {
        let kernel = &self.kernels[call.kernel];
        let mut take = |bytes: usize| {
            let (taken, behind) = rest.split_at_checked(bytes).expect("the program wrote less");
            *rest = behind;
            taken.to_vec()
        };
        let code = i32::from_le_bytes(take(4).try_into().unwrap());
        let error_row = u64::from_le_bytes(take(8).try_into().unwrap());
        let [error_code, line, column, _] = std::array::from_fn(|_| u32::from_le_bytes(take(4).try_into().unwrap()));
        let results = kernel.core.signature.results.iter().map(|result| {
            let values = take(call.rows.len() * row_bytes(kernel, result));
            (values, has_valid(kernel, result).then(|| take(call.rows.len())))
        });
        Answer { code, error_row, error_code, place: (line, column), results: results.collect() }
    }
}

/// Type of a result's elements, and how many a row has.
pub(crate) fn elements(kernel: &VerifiedKernel, result: &ResultTy) -> (Type, usize) {
    match result {
        ResultTy::Scalar { ty, .. } => (ty.storage(), 1),
        ResultTy::Fixed { elem, len } => (*elem, *len as usize),
        ResultTy::List { elem, inner, len } => {
            let params = &kernel.core.signature.params;
            let rows = len.of(|param| match &params[param as usize] {
                Param::List { len: Some(len), .. } => u64::from(*len),
                other => panic!("{other} has no length"),
            });
            (*elem, rows as usize * *inner as usize)
        }
    }
}

fn row_bytes(kernel: &VerifiedKernel, result: &ResultTy) -> usize {
    let (ty, width) = elements(kernel, result);
    ty.bytes() * width
}

/// Bytes of a scalar.
pub(crate) fn scalar_bytes(scalar: &Scalar) -> Vec<u8> {
    scalar.bits().to_le_bytes()[..scalar.ty().bytes()].to_vec()
}

/// Bytes of an argument; something that is not 0 where it is null.
fn bytes_of(datum: &Datum, param: &Param) -> Vec<u8> {
    match (datum, param) {
        (Datum::Scalar(scalar), _) => scalar_bytes(scalar),
        (Datum::List(list), _) => list.iter().flat_map(scalar_bytes).collect(),
        (Datum::Null, Param::Scalar { ty, .. }) if ty.storage() == Type::Bool => vec![1],
        (Datum::Null, Param::Scalar { ty, .. }) => vec![0x5b; ty.storage().bytes()],
        (Datum::Null, _) => panic!("lists are not null here"),
    }
}
