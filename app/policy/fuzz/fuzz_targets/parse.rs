//! Any text as a policy document: what can be parsed is printed and parsed again, and everything that reads documents reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::lint::{Kind, lint};
use policy::{Document, line, validate};

fuzz_target!(|text: &str| {
    if let Ok(document) = Document::parse(text) {
        let again = Document::parse(&document.source().to_string()).expect("what was printed is parsed");
        assert_eq!(again.source(), document.source());
    }
    let _ = line::answer(text);
    let _ = validate::bucket(text, "demo");
    for validate in [validate::identity, validate::trust, validate::key] {
        let _ = validate(text);
    }
    for kind in Kind::ALL.into_iter().chain([Kind::guess(text)]) {
        for fix in lint(text, kind).into_iter().filter_map(|finding| finding.fix) {
            assert!(
                serde_json::from_str::<serde_json::Value>(&fix.apply(text)).is_ok(),
                "{fix:?} breaks {text}"
            );
        }
    }
});
