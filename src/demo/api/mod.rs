//! A Kubernetes API server inside the process: the same client, the same paths, no network.
//!
//! Here: objects, lists, watches, patches, reviews, refusals in the real shapes. Not here: who changes the objects
//! beside the client (`controller`, `people`), and what they stand for. Called by `demo/` and by the contract
//! script of `tests/`, which asks a real server the same.

mod decide;
mod list;
mod patch;
mod resource;
mod schema;
mod selector;
mod status;
mod store;
mod watch;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::Clock;
use decide::Asked;
use patch::own;
use resource::{Query, Resource, Target};
use selector::Selector;
use status::Refusal;
use store::{Key, Store};
use watch::Watch;

/// Who asks, and whether they may write.
#[derive(Debug, Clone)]
pub struct User {
    /// The name.
    pub name: &'static str,
    /// The groups, but those that everybody is in.
    pub groups: &'static [&'static str],
    /// Whether routes may be patched and events created. Everybody may read.
    pub writes: bool,
}

/// What writes the logs of pods: by namespace, label `app`, how many pods have that, and for how many seconds.
type PodLogs = dyn Fn(&str, &str, u64, i64) -> String + Send + Sync;

/// An API server. Cheap to clone; all clones serve the same objects.
#[derive(Clone)]
pub struct ApiServer {
    store: Arc<Store>,
    clock: Clock,
    faults: Arc<Faults>,
    logs: Option<Arc<PodLogs>>,
}

#[derive(Debug, Default)]
struct Faults {
    delay: Duration,
    cut: AtomicBool,
    /// Ends the watches that are open when the line is cut.
    cutting: Notify,
}

type Answer = Result<(u16, Value), Refusal>;
type Out = Response<UnsyncBoxBody<Bytes, Infallible>>;

impl ApiServer {
    /// An empty server that takes `delay` for each answer.
    #[must_use]
    pub fn new(clock: Clock, delay: Duration) -> Self {
        let faults = Faults { delay, ..Faults::default() };
        Self { store: Arc::new(Store::new()), clock, faults: Arc::new(faults), logs: None }
    }

    /// The same, whose pods have logs.
    #[must_use]
    pub fn with_logs(self, logs: impl Fn(&str, &str, u64, i64) -> String + Send + Sync + 'static) -> Self {
        Self { logs: Some(Arc::new(logs)), ..self }
    }

    /// A client that asks as `user`, with `namespace` as its own. Needs a runtime.
    #[must_use]
    pub fn client(&self, user: User, namespace: &str) -> kube::Client {
        let (server, user) = (self.clone(), Arc::new(user));
        let service = tower::service_fn(move |request| {
            let (server, user) = (server.clone(), Arc::clone(&user));
            async move { server.serve(&user, request).await }
        });
        kube::Client::new(service, namespace)
    }

    /// Stores an object as if it had been there all along: what it says of itself is kept, what a server would add
    /// is added. Objects of unknown kinds are left out.
    pub fn load(&self, object: &Value) {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let kind = object["kind"].as_str().unwrap_or_default();
        let Some(resource) = resource::RESOURCES.iter().find(|resource| resource.kind == kind) else {
            return;
        };
        let key = Key::new(resource.plural, text("namespace"), text("name"));
        self.store.change(|world| {
            let uid = uid(world.version + 1);
            let mut object = object.clone();
            let metadata = &mut object["metadata"];
            let mut missing = |field: &str, value: Value| {
                if metadata.get(field).is_none() {
                    metadata[field] = value;
                }
            };
            missing("uid", json!(uid));
            missing("creationTimestamp", json!(self.now()));
            if resource.is_custom() {
                missing("generation", json!(1));
            }
            world.put(&key, Some(object));
        });
    }

    /// An object as it is now.
    #[must_use]
    pub fn object(&self, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let resource = Resource::of(plural)?;
        self.store.look().objects.get(&Key::new(resource.plural, namespace, name)).cloned()
    }

    /// Changes a route as `manager` would through its own connection; an edit of the spec bumps the generation.
    /// Says whether there is such a route.
    pub(super) fn edit_route(
        &self,
        namespace: &str,
        name: &str,
        manager: &str,
        edit: impl FnOnce(&mut Value),
    ) -> bool {
        let Some(resource) = Resource::of("httproutes") else { return false };
        let (key, now) = (Key::new(resource.plural, namespace, name), self.now());
        self.store.change(|world| {
            let Some(old) = world.objects.get(&key).cloned() else { return false };
            let mut new = Value::clone(&old);
            edit(&mut new);
            if new == *old {
                return true;
            }
            if new["spec"] != old["spec"] {
                let generation = old["metadata"]["generation"].as_i64().unwrap_or(0);
                new["metadata"]["generation"] = json!(generation + 1);
                own(&mut new, resource, manager, &now, &json!({ "f:spec": { "f:rules": {} } }));
            }
            world.put(&key, Some(new));
            true
        })
    }

    /// The routes that were changed since `version`, each once, and the version then. Waits for one.
    pub(super) async fn changed_routes(&self, version: &mut u64) -> Vec<Arc<Value>> {
        let mut bell = self.store.bell();
        loop {
            bell.mark_unchanged();
            let (changed, newest) = {
                let world = self.store.look();
                let of = |(key, object): (&Key, &Arc<Value>)| {
                    let is_newer = object["metadata"]["resourceVersion"]
                        .as_str()
                        .and_then(|v| v.parse::<u64>().ok())
                        .is_some_and(|v| v > *version);
                    (key.resource == "httproutes" && is_newer).then(|| Arc::clone(object))
                };
                (world.objects.iter().filter_map(of).collect::<Vec<_>>(), world.version)
            };
            *version = newest;
            if !changed.is_empty() {
                return changed;
            }
            if bell.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Forgets all history: watches from before are told 410.
    pub fn forget_history(&self) {
        self.store.change(store::World::forget);
    }

    /// Cuts the line, or mends it: no request is answered, and open watches break.
    pub fn cut(&self, cut: bool) {
        self.faults.cut.store(cut, Ordering::Relaxed);
        if cut {
            self.faults.cutting.notify_waiters();
        }
    }

    fn now(&self) -> String {
        self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    async fn serve(&self, user: &User, request: Request<Body>) -> io::Result<Out> {
        if !self.faults.delay.is_zero() {
            // what the scenario is about
            tokio::time::sleep(self.faults.delay).await;
        }
        if self.faults.cut.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.map_err(io::Error::other)?;
        let (target, query) = (Target::read(parts.uri.path()), Query::read(parts.uri.query()));
        if let (Target::Collection { resource, namespace }, &Method::GET, true) =
            (&target, &parts.method, query.flag("watch"))
            && let Some(resource) = Resource::of(resource)
        {
            let watch = Selector::read(resource.plural, *namespace, &query)
                .and_then(|selector| Watch::open(&self.store, resource, selector, &query));
            return Ok(match watch {
                Ok(watch) => self.stream(watch),
                Err(refusal) => answer(refusal.code, &refusal.body),
            });
        }
        if let (Target::Log { namespace, pod }, &Method::GET) = (&target, &parts.method) {
            let seconds =
                query.get("sinceSeconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(i64::MAX);
            return Ok(match self.log(namespace, pod, seconds) {
                Ok(text) => Response::new(Full::new(Bytes::from(text)).boxed_unsync()),
                Err(refusal) => answer(refusal.code, &refusal.body),
            });
        }
        let content_type =
            parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let asked = Asked { user, method: &parts.method, query: &query, content_type, body: &body };
        Ok(match self.decide(&target, &asked) {
            Ok((code, body)) => answer(code, &body),
            Err(refusal) => answer(refusal.code, &refusal.body),
        })
    }

    fn log(&self, namespace: &str, pod: &str, seconds: i64) -> Result<String, Refusal> {
        let resource = Resource::of("pods").ok_or_else(Refusal::no_path)?;
        let app = |object: &Value| object["metadata"]["labels"]["app"].as_str().map(ToOwned::to_owned);
        let (app, pods) = {
            let world = self.store.look();
            let key = Key::new(resource.plural, namespace, pod);
            let object = world.objects.get(&key).ok_or_else(|| Refusal::not_found(resource, pod))?;
            let label = app(object);
            let same = |(key, other): &(&Key, &Arc<Value>)| {
                key.resource == resource.plural && *key.namespace == *namespace && app(other) == label
            };
            let pods = world.objects.iter().filter(same).count();
            (label.unwrap_or_default(), pods)
        };
        let write = self.logs.as_ref().ok_or_else(Refusal::no_path)?;
        Ok(write(namespace, &app, u64::try_from(pods).unwrap_or(1), seconds))
    }

    fn stream(&self, watch: Watch) -> Out {
        let faults = Arc::clone(&self.faults);
        let broken = Box::pin(async move { faults.cutting.notified().await });
        let lines = watch.lines().take_until(broken).map(|line| Ok(Frame::data(line)));
        let body = StreamBody::new(lines.boxed()).boxed_unsync();
        let mut response = Response::new(body);
        response.headers_mut().insert(http::header::CONTENT_TYPE, json_type());
        response
    }
}

fn answer(code: u16, body: &Value) -> Out {
    let body = Full::new(Bytes::from(body.to_string())).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response.headers_mut().insert(http::header::CONTENT_TYPE, json_type());
    response
}

fn json_type() -> http::HeaderValue {
    http::HeaderValue::from_static("application/json")
}

/// Looks like one, and is the same each time.
fn uid(number: u64) -> String {
    let mut random = fastrand::Rng::with_seed(number);
    let (high, low) = (random.u64(..), random.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
