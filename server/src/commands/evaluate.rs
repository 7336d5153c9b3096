//! `trilock evaluate`: authorization questions from standard input, one a line, answered in order on standard output.

use super::CommandError;
use policy::line;
use serde_json::json;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

/// Answers every line of standard input.
///
/// # Errors
/// When some lines could not be answered, or standard input or output fails.
pub fn run() -> Result<(), CommandError> {
    let unanswered = answer_all(BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()))?;
    if unanswered > 0 { Err(CommandError::Unanswered(unanswered)) } else { Ok(()) }
}

/// Answers every line that is not blank, in order; gives how many could not be. What was answered is written before
/// more input is waited for, so another program may ask a line at a time.
fn answer_all<R: io::Read>(mut input: BufReader<R>, mut output: impl Write) -> io::Result<usize> {
    let (mut unanswered, mut line) = (0, Vec::new());
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            output.flush()?;
            return Ok(unanswered);
        }
        if !line.trim_ascii().is_empty() {
            unanswered += usize::from(!answer(&line, &mut output)?);
        }
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

/// Answers one line; says whether it could.
fn answer(line: &[u8], output: &mut impl Write) -> io::Result<bool> {
    let answered = match std::str::from_utf8(line) {
        Ok(text) => match line::answer(text.trim_end()) {
            Ok(answer) => {
                serde_json::to_writer(&mut *output, &answer)?;
                true
            }
            Err(error) => {
                serde_json::to_writer(
                    &mut *output,
                    &json!({"name": error.name, "error": error.reason.to_string()}),
                )?;
                false
            }
        },
        Err(_) => {
            serde_json::to_writer(&mut *output, &json!({"name": null, "error": "the line is not UTF-8"}))?;
            false
        }
    };
    output.write_all(b"\n")?;
    Ok(answered)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::answer_all;
    use std::io::BufReader;

    fn answers(input: &[u8]) -> (usize, Vec<serde_json::Value>) {
        let mut output = Vec::new();
        let unanswered = answer_all(BufReader::new(input), &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        (unanswered, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    #[test]
    fn every_line_is_answered_in_its_place_also_the_bad_ones() {
        let good = r#"{"name":"good","principal":"anonymous","action":"s3:GetObject","resource":"*"}"#;
        let unknown =
            r#"{"name":"typo","principal":"anonymous","action":"s3:GetObject","resource":"*","recource":1}"#;
        let input = format!("{good}\n\n{unknown}\n{{\n{good}");
        let (unanswered, answers) = answers(input.as_bytes());
        assert_eq!(unanswered, 2);
        assert_eq!(answers.len(), 4);
        assert_eq!(answers[0]["decision"], "ImplicitlyDenied");
        assert_eq!(answers[1]["name"], "typo");
        assert!(answers[1]["error"].as_str().unwrap().contains("unknown field `recource`"), "{}", answers[1]);
        assert!(answers[2]["name"].is_null());
        assert_eq!(answers[3]["name"], "good");
    }

    #[test]
    fn a_line_that_is_not_utf_8_does_not_end_the_run() {
        let (unanswered, answers) = answers(b"\xff\n{}\n");
        assert_eq!((unanswered, answers.len()), (2, 2));
        assert_eq!(answers[0]["error"], "the line is not UTF-8");
    }
}
