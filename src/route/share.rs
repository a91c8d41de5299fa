//! Weights and shares. A weight is not a percentage: the share is weight ÷ sum *of that rule*.

use super::model::Rule;

/// Sum of a rule's weights. At most 16 × 1,000,000, so it cannot overflow.
#[must_use]
pub fn weight_sum(rule: &Rule) -> u64 {
    rule.backends.iter().map(|backend| u64::from(backend.weight)).sum()
}

/// The declared share of backend `index`, 0 to 1; `None` if there is no such backend, or if all weights
/// are 0 (gateways then answer 500 to everybody: there is no share to speak of).
#[must_use]
pub fn declared_share(rule: &Rule, index: usize) -> Option<f64> {
    let sum = weight_sum(rule);
    let weight = rule.backends.get(index)?.weight;
    #[expect(clippy::cast_precision_loss, reason = "a sum of 16 weights is below 2^24")]
    (sum > 0).then(|| f64::from(weight) / sum as f64)
}
