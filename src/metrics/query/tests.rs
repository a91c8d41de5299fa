//! The questions that are put, and to whom their answers are dealt out.

use super::super::provider::fixture::{named, place};
use super::super::provider::{Matcher, Providers};
use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn services(names: &[&str]) -> Vec<RuleBackend> {
    names.iter().enumerate().map(|(index, name)| place("shop", name, 8080, index)).collect()
}

fn one(provider: &str, names: &[&str]) -> Question {
    Question::all(&named(provider), &services(names)).remove(0)
}

fn series(labels: &[(&str, &str)]) -> RawSeries {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RawSeries { labels, samples: vec![] }
}

/// The indices of the backends that a series belongs to.
fn dealt(question: &Question, labels: &[(&str, &str)]) -> Vec<usize> {
    question.backends_of(&series(labels)).iter().map(|place| place.index).collect()
}

#[test]
fn queries_of_contour() {
    let question = one("contour", &["stable", "canary"]);
    assert_eq!(
        question.rates(MINUTE),
        "sum by (envoy_cluster_name, envoy_response_code_class, cluster) \
         (max without (replica, prometheus_replica) (rate({__name__=\"envoy_cluster_upstream_rq_xx\",\
         envoy_cluster_name=~\"shop_canary_8080|shop_stable_8080\"}[60s])))"
    );
    assert_eq!(
        question.newest(),
        "max by (envoy_cluster_name, cluster) (timestamp({__name__=\"envoy_cluster_upstream_rq_xx\",\
         envoy_cluster_name=~\"shop_canary_8080|shop_stable_8080\"}))"
    );
    assert!(question.raw(Duration::from_millis(1500)).ends_with("}[1500ms]"));
}

#[test]
fn sums_follow_every_series_by_itself() {
    let now = "max without (replica, prometheus_replica) (last_over_time(SEL[300s]))";
    let before = "max without (replica, prometheus_replica) (last_over_time(SEL[300s] offset 15s))";
    let expected = format!(
        "sum by (envoy_cluster_name, envoy_response_code_class, cluster) \
         ({now} - {before} >= 0 or {now} and on (cluster, job, instance, pod) {before})"
    );
    let requests = "{__name__=\"envoy_cluster_upstream_rq_xx\",envoy_cluster_name=~\"shop_canary_8080|shop_stable_8080\"}";
    let question = one("contour", &["stable", "canary"]);
    let risen = question.risen(Duration::from_secs(15));
    assert_eq!(risen.replace(requests, "SEL"), expected);
    assert_eq!(risen.matches(requests).count(), LOOK_UPS as usize);
}

#[test]
fn queries_of_the_app() {
    assert_eq!(
        one("app", &["stable"]).buckets(MINUTE).unwrap(),
        "sum by (namespace, service, le, cluster) (max without (replica, prometheus_replica) \
         (rate({__name__=\"http_request_duration_seconds_bucket\",\
         namespace=~\"shop\",service=~\"stable\"}[60s])))"
    );
}

#[test]
fn queries_with_fixed_labels_and_several_classes() {
    assert_eq!(
        one("istio", &["stable"]).newest(),
        "max by (destination_service_namespace, destination_service_name, cluster) \
         (timestamp({__name__=\"istio_requests_total\",reporter=~\"source\",\
         source_workload=~\".*-istio|.*gateway.*\",destination_service_namespace=~\"shop\",\
         destination_service_name=~\"stable\"}))"
    );
    assert!(one("linkerd", &["stable"]).rates(MINUTE).starts_with(
        "sum by (route_namespace, route_name, backend_namespace, backend_name, backend_port, http_status, error, \
         cluster) "
    ));
}

#[test]
fn names_are_taken_literally() {
    assert_eq!(quoted(&escaped("a.b")), r"a\\.b");
    assert_eq!(quoted(&escaped("a\"|b\\")), r#"a\"\\|b\\\\"#);
    assert_eq!(escaped("x-1_y"), "x-1_y");
}

#[test]
fn a_series_finds_its_backends_and_strangers_find_none() {
    let question = one("app", &["stable", "canary"]);
    assert_eq!(dealt(&question, &[("namespace", "shop"), ("service", "canary")]), [1]);
    assert_eq!(dealt(&question, &[("namespace", "other"), ("service", "canary")]), [0; 0]);
}

#[test]
fn series_named_with_wildcards_find_theirs() {
    let cilium = one("cilium", &["stable", "canary"]);
    let name = "kube-system/cilium-gateway-edge/shop_canary_8080";
    assert_eq!(dealt(&cilium, &[("envoy_cluster_name", name)]), [1]);
    assert_eq!(dealt(&cilium, &[("envoy_cluster_name", "shop_canary_8080")]), [0; 0]);
    let traefik = one("traefik", &["stable", "canary"]);
    let split = "httproute-shop-checkout-gw-infra-edge-ep-web-0-af329269dd38031b03e3-svc-shop-canary-1@kubernetesgateway";
    assert_eq!(dealt(&traefik, &[("service", split)]), [1]);
    assert_eq!(dealt(&traefik, &[("service", "shop-canary-http-8080@kubernetesgateway")]), [1]);
    let whole = "httproute-shop-checkout-gw-infra-edge-ep-web-0-af329269dd38031b03e3-wrr@kubernetesgateway";
    assert_eq!(dealt(&traefik, &[("service", whole)]), [0; 0]);
}

#[test]
fn a_rule_as_a_whole_is_nobodys_number() {
    let question = one("envoy-gateway", &["stable", "canary"]);
    let whole = series(&[("envoy_cluster_name", "httproute/shop/checkout/rule/0")]);
    let canary = series(&[("envoy_cluster_name", "httproute/shop/checkout/rule/0/backend/1")]);
    assert_eq!(question.backends_of(&whole), Vec::<&RuleBackend>::new());
    let places = services(&["stable", "canary"]);
    let all = question.granularities([&whole]);
    assert_eq!(all, places.iter().map(|place| (place, Granularity::Rule)).collect());
    let both = question.granularities([&canary, &whole]);
    assert_eq!(both[&places[1]], Granularity::Split, "it has changed over just now");
    assert_eq!(both[&places[0]], Granularity::Rule);
}

#[test]
fn services_with_one_name_get_nothing() {
    let places = [place("shop", "web-x", 80, 0), place("shop-web", "x", 80, 0)];
    let question = Question::all(&named("traefik"), &places).remove(0);
    let name = "shop-web-x-http-80@kubernetesgateway";
    assert_eq!(dealt(&question, &[("service", name)]), [0; 0]);
    let alone = Question::all(&named("traefik"), &places[..1]).remove(0);
    assert_eq!(dealt(&alone, &[("service", name)]), [0]);
}

#[test]
fn one_service_in_two_places_is_asked_for_once() {
    let mut other = place("shop", "stable", 8080, 1);
    other.rule = 4;
    let places = [place("shop", "stable", 8080, 0), other];
    let question = Question::all(&named("contour"), &places).remove(0);
    assert!(question.raw(MINUTE).contains("envoy_cluster_name=~\"shop_stable_8080\"}"));
    assert_eq!(dealt(&question, &[("envoy_cluster_name", "shop_stable_8080")]), [0, 1]);
}

#[test]
fn one_question_up_to_the_limit() {
    let names: Vec<String> = (0..=BACKENDS_PER_QUESTION).map(|i| format!("s{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(Question::all(&named("contour"), &services(&names[1..])).len(), 1);
    assert_eq!(Question::all(&named("contour"), &services(&names)).len(), 2);
    assert_eq!(Question::all(&named("traefik"), &services(&names)).len(), 3, "two names each");
    assert!(Question::all(&named("contour"), &[]).is_empty());
}

#[test]
fn several_clusters_of_one_backend_are_noticed() {
    let question = one("contour", &["a", "b"]);
    let of = |name: &str, cluster: &str| series(&[("envoy_cluster_name", name), ("cluster", cluster)]);
    let (a, b) = ("shop_a_8080", "shop_b_8080");
    assert_eq!(question.clusters(&[of(a, "eu"), of(a, "eu"), of(b, "us")]), None);
    let several = question.clusters(&[of(a, "us"), of(a, ""), of(b, "us")]);
    assert_eq!(several, Some(vec!["(none)".to_owned(), "us".to_owned()]));
}

#[test]
fn each_exporter_is_recognised_by_the_shape_of_its_names() {
    assert_eq!(
        recognised_by(&named("contour")),
        "{__name__=\"envoy_cluster_upstream_rq_xx\",envoy_cluster_name=~\"[a-z0-9.-]+_[a-z0-9.-]+_[0-9]+\",\
         envoy_response_code_class=~\".+\"}"
    );
    assert_eq!(
        recognised_by(&named("app")),
        "{__name__=\"http_requests_total\",namespace=~\"[a-z0-9.-]+\",service=~\"[a-z0-9.-]+\",status=~\".+\"}"
    );
    assert_eq!(recognised_by(&named("kong")), r#"{__name__=~"kong_(nginx_.+|http_requests_total)"}"#);
}

#[test]
fn one_cluster_of_many_is_asked_about_everywhere() {
    let cluster = Matcher { label: "cluster".to_owned(), values: vec!["prod-eu".parse().unwrap()] };
    let within = Providers::default().within(&[cluster]);
    let only = "cluster=~\"prod-eu\"";
    for provider in &within.known {
        assert!(recognised_by(provider).contains(only), "{}", recognised_by(provider));
        for question in Question::all(provider, &services(&["stable"])) {
            let buckets = question.buckets(MINUTE).unwrap();
            for asked in [question.rates(MINUTE), buckets, question.newest(), question.raw(MINUTE)] {
                assert!(asked.contains(only), "{asked}");
            }
        }
    }
}
