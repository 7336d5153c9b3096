//! `cargo xtask`: sets up, builds, runs and tests Trilock. Here the command line is read and handed to the parts.

mod error;
mod install;
mod options;
mod process;
mod report;
mod steps;
mod test;
mod workspace;

use std::process::ExitCode;

use error::Error;
use options::Task;
use report::Report;
use workspace::Workspace;

fn main() -> ExitCode {
    let task = match options::parse(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    match perform(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Tests(tally)) => {
            // The closing line reads the same whether all passed or not.
            println!("{tally}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<(), Error> {
    if task == Task::Help {
        println!("{}", options::HELP);
        return Ok(());
    }
    let workspace = Workspace::find()?;
    let mut report = Report::start();
    match task {
        Task::Help => Ok(()),
        Task::Build => {
            steps::build(&workspace, &mut report)?;
            report.finish("Built");
            Ok(())
        }
        Task::Run { serve_options } => {
            let server = steps::build(&workspace, &mut report)?;
            report.finish("Built");
            Err(steps::server::become_server(&server, &workspace, &serve_options))
        }
        Task::Test { scope } => test::run(&workspace, &mut report, scope),
    }
}
