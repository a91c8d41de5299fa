//! The whole object of a route, as the server has it, fetched when somebody asks for it.

use serde_json::Value;

use super::layers::Layer;
use super::msg::Effect;
use super::scroll::Scroll;
use super::state::{App, Tone};
use crate::route::RouteId;

/// A route's object as YAML.
#[derive(Debug)]
pub struct ObjectView {
    /// Of this route.
    pub id: RouteId,
    /// How far it is scrolled.
    pub scroll: Scroll,
    /// Whether `managedFields` are shown.
    pub shows_managed: bool,
    /// The object; `None` while it is fetched, or why there is none.
    object: Option<Result<Box<Value>, String>>,
}

impl ObjectView {
    /// The lines of its YAML.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub fn lines(&self) -> Result<Vec<String>, String> {
        let object = match &self.object {
            None => return Err("asking the server ...".to_owned()),
            Some(Err(why)) => return Err(why.clone()),
            Some(Ok(object)) => object,
        };
        let mut object = object.clone();
        if !self.shows_managed
            && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("managedFields");
        }
        let yaml = serde_saphyr::to_string(&object).map_err(|error| format!("cannot be shown: {error}"))?;
        Ok(yaml.lines().map(|line| line.replace('\t', "  ")).collect())
    }
}

impl App {
    /// The route that is looked at: that of the open split, else that of the selected row.
    #[must_use]
    pub fn looked_at(&self) -> Option<&RouteId> {
        match self.open_split() {
            Some(view) => Some(&view.id),
            None => self.routes.shown(self.list.cursor()).map(|shown| shown.id()),
        }
    }
}

/// Asks for the object and shows it when it comes.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    let Some(route) = app.looked_at().cloned() else {
        app.say(Tone::Plain, "there is no route here");
        return Vec::new();
    };
    let view =
        ObjectView { id: route.clone(), scroll: Scroll::default(), shows_managed: false, object: None };
    app.layers.push(Layer::Object(Box::new(view)));
    vec![Effect::Object { generation: app.generation, route }]
}

/// Asks again for an object whose answer will be dropped.
pub(super) fn ask_again(app: &mut App) -> Option<Effect> {
    let generation = app.generation;
    let view = app.layers.object_mut().filter(|view| view.object.is_none())?;
    Some(Effect::Object { generation, route: view.id.clone() })
}

pub(super) fn take(app: &mut App, route: &RouteId, answer: Result<Box<Value>, String>) {
    if let Some(view) = app.layers.object_mut()
        && view.id == *route
    {
        view.object = Some(answer);
    }
}
