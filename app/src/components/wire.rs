//! A call as it went over the wire: the command that makes it, request, answer, and CloudTrail's records.

use super::{command::ShellLines, json::Json};
use crate::console::{Persona, Wire};
use leptos::prelude::*;

/// The command to copy, and what folds: the verdict comes first on the page.
#[component]
pub(crate) fn WireView(
    /// The call.
    wire: Wire,
    /// Who made it.
    persona: Persona,
) -> impl IntoView {
    let Wire { command, request_line, request_headers, status, answer_headers, events } = wire;
    let answer = match status {
        0 => "No answer came.".to_owned(),
        _ => lines(&format!("HTTP/1.1 {status}"), &answer_headers),
    };
    let events = match events.is_empty() {
        true => view! {
            <p>
                "No CloudTrail event is at hand for this call. Calls about objects are data events, which only a trail records that is \
                 told to. Of other calls the embedded AWS keeps the newest at hand, Trilock’s own reading of policies among \
                 them; those from before a restart are found with "<code>"aws cloudtrail lookup-events"</code>"."
            </p>
        }
        .into_any(),
        false => events.into_iter().map(|value| view! { <Json value /> }).collect_view().into_any(),
    };
    let command = command.map(|text| {
        view! {
            <div class="wire-command">
                <h3>"The same call with the AWS CLI"</h3>
                <ShellLines id="wire-command" what="the command" text />
                {(!Persona::OF_SCENARIOS.contains(&persona))
                    .then(|| {
                        view! {
                            <p>
                                "As " <code>{persona.name()}</code> " from a shell of your own: the "
                                <a href="/instance#own-terminal">"instance’s page"</a> " sets up a profile for each role; add "
                                <code>{format!("--profile {}", persona.profile())}</code>"."
                            </p>
                        }
                    })}
                <p>"Words in capitals stand for what is not kept here."</p>
            </div>
        }
    });
    view! {
        <section class="wire" aria-labelledby="wire-title">
            <h2 id="wire-title">"Over the wire"</h2>
            {command}
            <details>
                <summary>"Request"</summary>
                <pre class="wire-text" tabindex="0"><code>{lines(&request_line, &request_headers)}</code></pre>
            </details>
            <details>
                <summary>"Answer"</summary>
                <pre class="wire-text" tabindex="0"><code>{answer}</code></pre>
            </details>
            <details>
                <summary>"CloudTrail"</summary>
                {events}
            </details>
        </section>
    }
    .into_any()
}

/// A first line and headers, one a line, as HTTP has them.
fn lines(first: &str, headers: &[(String, String)]) -> String {
    let headers = headers.iter().map(|(name, value)| format!("\n{name}: {value}"));
    std::iter::once(first.to_owned()).chain(headers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_one_a_line_below_the_first() {
        let headers = [("host".to_owned(), "a".to_owned()), ("date".to_owned(), "b".to_owned())];
        assert_eq!(lines("GET / HTTP/1.1", &headers), "GET / HTTP/1.1\nhost: a\ndate: b");
    }
}
