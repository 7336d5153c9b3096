//! The binary: reads the command line, runs the command, and says in one line what went wrong.

use clap::Parser as _;
use std::{io::IsTerminal as _, process::ExitCode};
use tracing_subscriber::EnvFilter;
use trilock::cli::{Cli, Command};

/// A call makes and drops some hundred small things; the system's allocator takes a third of its time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of stack a worker thread may use; only what is used takes memory.
const STACK: usize = 8 * 1024 * 1024;

/// What is logged unless `RUST_LOG` says otherwise. The S3 library calls every refusal an error; here they are the lesson.
const LOGGED: &str = "warn,s3s=off";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    // Page, SDK client and embedded AWS all run on one stack: a call never leaves the process.
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("trilock: the asynchronous runtime did not start: {error}");
                return ExitCode::FAILURE;
            }
        };
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Serve(options) => trilock::commands::serve::run(options).await,
            Command::Sandbox(options) => trilock::commands::sandbox::run(options).await,
            Command::Evaluate => trilock::commands::evaluate::run(),
            Command::Lint(options) => trilock::commands::lint::run(&options),
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trilock: {error}");
            ExitCode::FAILURE
        }
    }
}
