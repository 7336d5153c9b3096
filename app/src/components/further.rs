//! Where to go once the walk is done.

use leptos::prelude::*;

/// What there is to do with a lab that is built.
#[component]
pub(crate) fn Further() -> impl IntoView {
    view! {
        <div class="further">
            <p>"Three ways on with the lab as you have built it:"</p>
            <ul>
                <li>
                    <a href="/more">"Variations, and what each defect costs"</a>
                    ": the same three locks with a key of another account, default encryption and more."
                </li>
                <li>
                    <a href="/drills">"Break it"</a>
                    ": somebody makes a mistake, and you see which lock still holds."
                </li>
                <li>
                    <a href="/what-if">"What if"</a>
                    ": change a policy on paper and see who could do what, before any call is made."
                </li>
            </ul>
        </div>
    }
    .into_any()
}
