//! Adding a maintenance window, or changing one.

use super::Shown;
use crate::{
    api,
    components::{
        fields::{Complaint, TextField},
        form_dialog::{Form, FormDialog},
    },
    model::{Day, WeeklyRange, Window},
};
use aix::ObjectName;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// What is typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Editor {
    form: Form,
    /// The window that is changed; none where one is added.
    changed: RwSignal<Option<ObjectName>>,
    name: RwSignal<String>,
    time_zone: RwSignal<String>,
    ranges: RwSignal<Vec<WeeklyRange>>,
    zones: RwSignal<Vec<String>>,
}

impl Editor {
    /// Nothing yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            form: Form::new(),
            changed: RwSignal::new(None),
            name: RwSignal::new(String::new()),
            time_zone: RwSignal::new(String::new()),
            ranges: RwSignal::new(vec![usual()]),
            zones: RwSignal::new(Vec::new()),
        }
    }

    /// Opens it for a new window, in the time zone of the others or else of whoever looks.
    pub(crate) fn add(self, shown: Shown) {
        let others =
            shown.schedule.with_untracked(|schedule| schedule.windows.first().map(|window| window.time_zone.clone()));
        self.changed.set(None);
        self.name.set(String::new());
        self.time_zone.set(others.or_else(own_zone).unwrap_or_else(|| "UTC".to_owned()));
        self.ranges.set(vec![usual()]);
        self.open();
    }

    /// Opens it for one that exists.
    pub(crate) fn change(self, window: &Window) {
        self.changed.set(Some(window.name.clone()));
        self.name.set(window.name.to_string());
        self.time_zone.set(window.time_zone.clone());
        self.ranges.set(window.ranges.clone());
        self.open();
    }

    fn open(self) {
        if self.zones.with_untracked(Vec::is_empty) {
            self.zones.set(known_zones());
        }
        self.form.open();
    }

    fn window(self, shown: Shown) -> Result<Window, String> {
        let name = match self.changed.get_untracked() {
            Some(name) => name,
            None => {
                self.name.with_untracked(|name| name.trim().parse::<ObjectName>()).map_err(|why| why.to_string())?
            }
        };
        let taken = |window: &Window| window.name == name;
        if self.changed.with_untracked(Option::is_none)
            && shown.schedule.with_untracked(|schedule| schedule.windows.iter().any(taken))
        {
            return Err(format!("there is a window {name} already; change that one, or choose another name"));
        }
        let range = |range: WeeklyRange| WeeklyRange {
            // The end of the day, which the field for a time has no word for.
            to: if range.to == "00:00" { "24:00".to_owned() } else { range.to },
            ..range
        };
        Ok(Window {
            name,
            time_zone: self.time_zone.with_untracked(|zone| zone.trim().to_owned()),
            ranges: self.ranges.get_untracked().into_iter().map(range).collect(),
            open: false,
            opens_at: None,
        })
    }
}

/// A night, of a day that is still to be chosen.
fn usual() -> WeeklyRange {
    WeeklyRange { days: Vec::new(), from: "22:00".to_owned(), to: "04:00".to_owned() }
}

/// The time zone of this browser.
fn own_zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}

/// The time zones that this browser knows, to choose from; any other can be typed.
fn known_zones() -> Vec<String> {
    let ask = || -> Option<Vec<String>> {
        let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let list =
            js_sys::Reflect::get(&intl, &"supportedValuesOf".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
        let zones = list.call1(&intl, &JsValue::from("timeZone")).ok()?.dyn_into::<js_sys::Array>().ok()?;
        Some(zones.iter().filter_map(|zone| zone.as_string()).collect())
    };
    let mut zones = ask().unwrap_or_default();
    if !zones.iter().any(|zone| zone == "UTC") {
        zones.push("UTC".to_owned());
    }
    zones
}

/// The dialog.
#[component]
pub(crate) fn WindowForm(editor: Editor, shown: Shown) -> impl IntoView {
    let Editor { form, changed, name, time_zone, ranges, zones } = editor;
    let send = Callback::new(move |()| match editor.window(shown) {
        Ok(window) => form.send(api::put_window(window), move |window| {
            shown.changed(format!("The maintenance window {} is stored.", window.name));
        }),
        Err(why) => form.refuse("name", why),
    });
    let title = Signal::derive(move || match changed.get() {
        Some(name) => format!("Change the window {name}"),
        None => "Add a maintenance window".to_owned(),
    });
    let submit = Signal::derive(move || if changed.with(Option::is_some) { "Change it" } else { "Add it" }.to_owned());
    let name_field = move || {
        changed.with(Option::is_none).then(|| {
            view! { <TextField label="Name" value=name required=true hint="Launches and cutovers name it: night, db-sunday" complaint=form.complaint("name") /> }
        })
    };
    let wrong = form.complaint("ranges");
    let options = move || zones.get().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view();
    view! {
        <FormDialog form title submit fields=&["name", "time_zone", "ranges"] on_submit=send>
            {name_field}
            <TextField label="Time zone" value=time_zone required=true list="time-zones" hint="All times below are on its clocks, also when they change" complaint=form.complaint("time_zone") />
            <datalist id="time-zones">{options}</datalist>
            <div class="ranges">
                <For each=move || 0..ranges.with(Vec::len) key=|at| *at let:at>
                    <RangeFields ranges at wrong />
                </For>
                <p class="hint">"A time that ends before it begins ends on the next day. Midnight as its end is the end of the day."</p>
                <Complaint complaint=wrong />
                <button type="button" class="plain" on:click=move |_| ranges.update(|ranges| ranges.push(usual()))>"Add another time"</button>
            </div>
        </FormDialog>
    }
    .into_any()
}

/// One time of the week.
#[component]
fn RangeFields(ranges: RwSignal<Vec<WeeklyRange>>, at: usize, wrong: Signal<Option<String>>) -> impl IntoView {
    let set = move |change: &dyn Fn(&mut WeeklyRange)| {
        ranges.update(|ranges| {
            if let Some(range) = ranges.get_mut(at) {
                change(range);
            }
        });
    };
    let get = move |read: fn(&WeeklyRange) -> String| {
        move || ranges.with(|ranges| ranges.get(at).map(read).unwrap_or_default())
    };
    let invalid = move || wrong.with(Option::is_some).then_some("true");
    let days = Day::ALL.map(|day| {
        let chosen = move || ranges.with(|ranges| ranges.get(at).is_some_and(|range| range.days.contains(&day)));
        let choose = move |on: bool| {
            set(&move |range| {
                range.days.retain(|other| *other != day);
                if on {
                    range.days.push(day);
                    range.days.sort_unstable();
                }
            });
        };
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=chosen on:change:target=move |ev| choose(ev.target().checked()) />
                <span>{day.short()}</span>
            </label>
        }
    });
    let remove = move |_| {
        ranges.update(|ranges| {
            ranges.remove(at);
        });
    };
    let removable = move || {
        (ranges.with(Vec::len) > 1).then(|| {
            view! { <button type="button" class="plain" aria-label=format!("Remove time {}", at + 1) on:click=remove>"Remove"</button> }
        })
    };
    view! {
        <fieldset class="range">
            <legend>{move || if ranges.with(Vec::len) > 1 { format!("Time {}: opens on", at + 1) } else { "Opens on".to_owned() }}</legend>
            <div class="days">{days}</div>
            <div class="from-to">
                <label class="field"><span>"From"</span>
                    <input type="time" required=true aria-invalid=invalid prop:value=get(|range| range.from.clone())
                        on:input:target=move |ev| set(&|range| range.from = ev.target().value()) />
                </label>
                <label class="field"><span>"To"</span>
                    <input type="time" required=true prop:value=get(|range| range.to.replace("24:00", "00:00"))
                        on:input:target=move |ev| set(&|range| range.to = ev.target().value()) />
                </label>
                {removable}
            </div>
        </fieldset>
    }
    .into_any()
}
