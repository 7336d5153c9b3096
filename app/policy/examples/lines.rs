//! Prints every case of the case files as a line of `trilock evaluate`: something to try it with, and the fuzzer's first corpus.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/case_files/mod.rs"]
mod case_files;

use case_files::{Prepared, case_files};

fn main() {
    for (_, file) in case_files() {
        for case in &file.cases {
            let prepared = Prepared::new(&file, case);
            // A session whose role has a path cannot be written in a line.
            if prepared.caller.get("role").is_none() {
                println!("{}", prepared.line(case));
            }
        }
    }
}
