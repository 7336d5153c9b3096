//! The small programs that work on the instance's files.

use crate::terminal::{HOME, Output};

/// A program and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// `ls [-l] [FILE…]`
    Ls {
        /// `-l`
        long: bool,
        /// Only these.
        files: Vec<String>,
    },
    /// `cat FILE…`
    Cat(Vec<String>),
    /// `sha256sum FILE…`
    Sha256(Vec<String>),
    /// `rm [-f] FILE…`
    Rm {
        /// Paths as typed.
        files: Vec<String>,
        /// `-f`: missing files are no error.
        force: bool,
    },
    /// `cp FILE FILE`, `mv FILE FILE`
    Copy {
        /// Path as typed.
        from: String,
        /// Path as typed.
        to: String,
        /// `mv`
        moves: bool,
    },
    /// `curl -O URL`
    Curl {
        /// The address.
        url: String,
    },
    /// `pwd`, `whoami`: what they print.
    Say(&'static str),
}

/// Reads a program's words.
///
/// # Errors
/// What it prints when it does not take them; what the shell prints when there is no such program.
pub(super) fn parse(program: &str, words: &[&str]) -> Result<Local, Output> {
    match program {
        "ls" => ls(words),
        "cat" => operands("cat", words).map(Local::Cat),
        "sha256sum" => operands("sha256sum", words).map(Local::Sha256),
        "rm" => rm(words),
        "cp" => copy(words, false),
        "mv" => copy(words, true),
        "curl" => curl(words),
        "pwd" => Ok(Local::Say(HOME)),
        "whoami" => Ok(Local::Say("ec2-user")),
        unknown => Err(Output::failed(
            127,
            format!("-bash: {unknown}: command not found\nType help to see what this terminal runs.\n"),
        )),
    }
}

fn ls(words: &[&str]) -> Result<Local, Output> {
    let mut long = false;
    let mut files = Vec::new();
    for word in words {
        match word.strip_prefix('-') {
            Some(letters) if !letters.is_empty() && letters.chars().all(|letter| "lah1".contains(letter)) => {
                long |= letters.contains('l');
            }
            Some(_) => return Err(Output::failed(2, format!("ls: unrecognized option '{word}'\n"))),
            None => files.push((*word).to_owned()),
        }
    }
    Ok(Local::Ls { long, files })
}

fn operands(program: &str, words: &[&str]) -> Result<Vec<String>, Output> {
    match words.iter().find(|word| word.starts_with('-') && word.len() > 1) {
        Some(option) => Err(Output::failed(1, format!("{program}: unrecognized option '{option}'\n"))),
        None if words.is_empty() => Err(Output::failed(1, format!("{program}: missing operand\n"))),
        None => Ok(words.iter().map(|&word| word.into()).collect()),
    }
}

fn rm(words: &[&str]) -> Result<Local, Output> {
    let force = words.contains(&"-f");
    let rest: Vec<&str> = words.iter().copied().filter(|word| *word != "-f").collect();
    Ok(Local::Rm { files: operands("rm", &rest)?, force })
}

fn copy(words: &[&str], moves: bool) -> Result<Local, Output> {
    let program = if moves { "mv" } else { "cp" };
    let paths = operands(program, words).map_err(|output| match words {
        [] => Output::failed(1, format!("{program}: missing file operand\n")),
        _ => output,
    })?;
    match <[String; 2]>::try_from(paths) {
        Ok([from, to]) => Ok(Local::Copy { from, to, moves }),
        Err(paths) => Err(Output::failed(
            1,
            match paths.as_slice() {
                [only] => format!("{program}: missing destination file operand after '{only}'\n"),
                _ => format!("trilock: {program} takes one file here, and its new name\n"),
            },
        )),
    }
}

fn curl(words: &[&str]) -> Result<Local, Output> {
    let mut keeps_name = false;
    let mut url = None;
    for word in words {
        match word.strip_prefix('-') {
            Some("-remote-name") => keeps_name = true,
            Some(letters)
                if letters.chars().all(|letter| "OsSLf".contains(letter)) && !letters.is_empty() =>
            {
                keeps_name |= letters.contains('O');
            }
            Some(_) => return Err(Output::failed(2, format!("curl: option {word}: is unknown\n"))),
            None if url.is_none() => url = Some(*word),
            None => return Err(Output::failed(2, "trilock: one address at a time\n")),
        }
    }
    let Some(url) = url else {
        return Err(Output::failed(
            2,
            "curl: no URL specified!\ncurl: try 'curl --help' for more information\n",
        ));
    };
    if !keeps_name {
        return Err(Output::failed(2, "trilock: use curl -O, which saves the file under its own name\n"));
    }
    Ok(Local::Curl { url: url.into() })
}
