//! The JSON envelope of the Prometheus API, decoded by hand: the client library drops warnings, and
//! one native histogram makes it fail.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// The series of one answer, and what the server warned of.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    pub series: Vec<RawSeries>,
    pub warnings: Vec<String>,
    /// How far the clock of this machine is ahead of the server's, where that is known.
    pub ahead: Option<SignedDuration>,
}

/// Labels of a series. Few, so a sorted map.
pub(super) type Labels = BTreeMap<String, String>;

/// One series with its samples, in order of time. An instant vector gives one sample a series; a
/// native histogram gives none, since only classic ones are understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawSeries {
    pub labels: Labels,
    pub samples: Vec<(Timestamp, f64)>,
}

impl RawSeries {
    /// The value of a label; empty if the series has none, as in `PromQL`.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Why a body is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undecodable {
    /// No JSON at all.
    NotJson,
    /// JSON of another shape, with what is wrong.
    Shape(String),
    /// `status: error`, with the server's words.
    Refused(String),
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    /// VictoriaMetrics' word for an answer without some of its storages.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    // Raw, since its shape hangs on `resultType`, which may come after it.
    result: Box<serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Item {
    metric: Labels,
    value: Option<Sample>,
    #[serde(default)]
    values: Vec<Sample>,
}

/// Seconds, and the value as text, since JSON knows neither NaN nor infinities.
type Sample = (f64, String);

/// Decodes the body of `/api/v1/query` or `/api/v1/query_range`.
pub(super) fn answer(body: &[u8]) -> Result<Answer, Undecodable> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Undecodable::Shape(error.to_string()),
        _ => Undecodable::NotJson,
    })?;
    match envelope.status.as_str() {
        "success" => {}
        "error" => return Err(Undecodable::Refused(envelope.error.unwrap_or_default())),
        other => return Err(Undecodable::Shape(format!("status {other:?}"))),
    }
    let data = envelope.data.ok_or_else(|| Undecodable::Shape("no data".to_owned()))?;
    if !matches!(data.kind.as_str(), "vector" | "matrix") {
        return Err(Undecodable::Shape(format!("result of type {:?}", data.kind)));
    }
    let items: Vec<Item> =
        serde_json::from_str(data.result.get()).map_err(|error| Undecodable::Shape(error.to_string()))?;
    let series = items.into_iter().map(series).collect::<Result<_, _>>()?;
    let mut warnings = envelope.warnings;
    // Thanos' place for what Prometheus has in `infos`: advice on the query, nothing about the answer.
    warnings.retain(|warning| !warning.starts_with("PromQL info: "));
    if envelope.is_partial {
        warnings.push("some of its storages did not answer".to_owned());
    }
    Ok(Answer { series, warnings, ahead: None })
}

fn series(item: Item) -> Result<RawSeries, Undecodable> {
    let samples = item.value.into_iter().chain(item.values).map(sample).collect::<Result<_, _>>()?;
    Ok(RawSeries { labels: item.metric, samples })
}

fn sample((seconds, text): Sample) -> Result<(Timestamp, f64), Undecodable> {
    let value = text.parse().map_err(|_| Undecodable::Shape(format!("the value {text:?}")))?;
    let at = timestamp(seconds).ok_or_else(|| Undecodable::Shape(format!("the time {seconds}")))?;
    Ok((at, value))
}

/// Seconds since 1970 as a time; `None` for what is no number or outside the years -9999 to 9999. To the millisecond,
/// which is what Prometheus stores: a float has no exact nanoseconds.
pub(super) fn timestamp(seconds: f64) -> Option<Timestamp> {
    if !seconds.is_finite() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a float too large saturates and is then refused")]
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

/// The server's words in a body that came with a bad status, if it is JSON with some.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Envelope>(body).ok()?.error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#)
    }

    #[test]
    fn advice_on_a_query_is_no_warning() {
        // As Thanos 0.41 answers `rate()` of Envoy's counter.
        let body = br#"{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"envoy_cluster_upstream_rq_xx\"","a store is down"]}"#;
        assert_eq!(answer(body).unwrap().warnings, ["a store is down"]);
    }

    #[test]
    fn a_vector() {
        let body = vector(r#"[{"metric":{"a":"b"},"value":[1795262728.519,"0.25"]}]"#);
        let answer = answer(body.as_bytes()).unwrap();
        assert_eq!(answer.series[0].label("a"), "b");
        assert_eq!(answer.series[0].label("missing"), "");
        assert_eq!(
            answer.series[0].samples,
            [("2026-11-21T12:05:28.519Z".parse().unwrap(), 0.25)],
            "exact to the millisecond"
        );
    }

    #[test]
    fn a_matrix_with_the_type_after_the_result() {
        let body = br#"{"data":{"result":[{"metric":{},"values":[[1,"1"],[2.5,"2"]]}],"resultType":"matrix"},
            "status":"success","warnings":["store a is down"],"infos":["x"]}"#;
        let answer = answer(body).unwrap();
        assert_eq!(answer.series[0].samples.len(), 2);
        assert_eq!(answer.warnings, ["store a is down"]);
    }

    #[test]
    fn a_part_is_a_warning() {
        let body = br#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(answer(body).unwrap().warnings, ["some of its storages did not answer"]);
        let body = br#"{"status":"success","isPartial":false,"data":{"resultType":"vector","result":[]}}"#;
        assert!(answer(body).unwrap().warnings.is_empty());
    }

    #[test]
    fn numbers_that_json_does_not_know() {
        let body = vector(
            r#"[{"metric":{},"value":[1,"NaN"]},{"metric":{},"value":[1,"+Inf"]},{"metric":{},"value":[1,"-Inf"]}]"#,
        );
        let values: Vec<f64> =
            answer(body.as_bytes()).unwrap().series.iter().map(|s| s.samples[0].1).collect();
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [f64::INFINITY, f64::NEG_INFINITY]);
    }

    #[test]
    fn a_native_histogram_beside_others_does_no_harm() {
        let body = vector(
            r#"[{"metric":{"n":"h"},"histogram":[1,{"count":"1","sum":"2","buckets":[[1,"0","1","1"]]}]},
                {"metric":{"n":"c"},"value":[1,"3"]}]"#,
        );
        let answer = answer(body.as_bytes()).unwrap();
        assert_eq!(answer.series[0].samples, []);
        assert_eq!(answer.series[1].samples.len(), 1);
    }

    #[test]
    fn what_is_no_answer() {
        for text in ["", "<html>", "{\"status\":\"succ"] {
            assert_eq!(answer(text.as_bytes()), Err(Undecodable::NotJson), "{text}");
        }
        for text in ["{}", "[]", "1", r#"{"status":"ok"}"#, r#"{"status":"success"}"#] {
            assert!(matches!(answer(text.as_bytes()), Err(Undecodable::Shape(_))), "{text}");
        }
        let scalar = br#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#;
        assert_eq!(answer(scalar), Err(Undecodable::Shape("result of type \"scalar\"".to_owned())));
        let word = vector(r#"[{"metric":{},"value":[1,"many"]}]"#);
        assert_eq!(answer(word.as_bytes()), Err(Undecodable::Shape("the value \"many\"".to_owned())));
        let refused = br#"{"status":"error","errorType":"execution","error":"too many samples"}"#;
        assert_eq!(answer(refused), Err(Undecodable::Refused("too many samples".to_owned())));
    }
}
