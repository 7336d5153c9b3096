//! The files on the instance: what is there, to save and to remove.

use crate::{
    components::activity_row::iso_time, console::InstanceFile, serverfns::instance::remove_file::RemoveFile,
};
use leptos::{prelude::*, server_fn::ServerFn};

/// The list. It is one of the parts of the page that a command in the terminal can change.
#[component]
pub(crate) fn InstanceFiles(
    /// Every file, by name.
    files: Vec<InstanceFile>,
) -> impl IntoView {
    let rows = files.into_iter().map(|file| view! { <FileRow file /> }).collect_view();
    let list = if rows.is_empty() {
        view! {
            <p>
                "There is no file yet. " <code>"curl -O"</code>
                " in test 1 brings the white paper’s stand-in, and the terminal’s upload puts one of your own here."
            </p>
        }
        .into_any()
    } else {
        view! { <ul class="file-list">{rows}</ul> }.into_any()
    };
    view! {
        <section class="card instance-files" id="files" aria-labelledby="files-title">
            <h2 id="files-title">"Files on the instance"</h2>
            <div id="file-list" data-live="">
                {list}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn FileRow(file: InstanceFile) -> impl IntoView {
    let InstanceFile { name, size, modified } = file;
    let at = modified.saturating_mul(1000);
    view! {
        <li class="file">
            <span class="file-name">{name.clone()}</span>
            <span class="file-size">{size_in_words(size)}</span>
            <time class="file-time" datetime=iso_time(at)>{date_and_time(at)}</time>
            <span class="file-acts">
                <a class="button button-small button-quiet" href=address(&name) download=name.clone()>
                    "Save" <span class="visually-hidden">{format!(" {name}")}</span>
                </a>
                <form method="post" action=RemoveFile::PATH>
                    <input type="hidden" name="name" value=name.clone() />
                    <button type="submit" class="button button-small button-quiet">
                        "Remove" <span class="visually-hidden">{format!(" {name}")}</span>
                    </button>
                </form>
            </span>
        </li>
    }
    .into_any()
}

/// Where the file is saved from: its name as one part of a path, whatever is in it.
fn address(name: &str) -> String {
    name.bytes().fold("/instance/files/".to_owned(), |path, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => path + &char::from(byte).to_string(),
        // A name of dots alone would lead elsewhere, but is none that a file can have.
        b'.' => path + ".",
        byte => path + &format!("%{byte:02X}"),
    })
}

/// `1 byte`, `12.3 KiB`.
fn size_in_words(size: i64) -> String {
    let tenths = |unit: i64| {
        let tenths = size.saturating_mul(10) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match size {
        1 => "1 byte".into(),
        size if size < 1024 => format!("{size} bytes"),
        size if size < 1_048_576 => format!("{} KiB", tenths(1024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

/// `2026-03-01 14:05 UTC`; `at` is Unix time in milliseconds.
fn date_and_time(at: i64) -> String {
    let text = iso_time(at);
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, date_and_time, size_in_words};

    #[test]
    fn a_files_address_is_one_part_of_a_path() {
        assert_eq!(address("a b.pdf"), "/instance/files/a%20b.pdf");
        assert_eq!(address("?x=#&\"ä"), "/instance/files/%3Fx%3D%23%26%22%C3%A4");
    }

    #[test]
    fn sizes_and_times_are_short() {
        let sizes =
            [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (8 << 20, "8.0 MiB")];
        for (size, words) in sizes {
            assert_eq!(size_in_words(size), words);
        }
        assert_eq!(date_and_time(0), "1970-01-01 00:00 UTC");
    }
}
