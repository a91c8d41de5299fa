//! Who we are to this server, and what it would let us do.

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::connect::Cluster;
use super::first_line;
use super::trouble::Trouble;

/// Who we are, as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user name.
    pub name: Box<str>,
    /// The groups.
    pub groups: Box<[Box<str>]>,
}

/// Whether we hold a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// We do.
    Granted,
    /// We do not: the right in words, and the server's reason if it gave one.
    Denied(Box<str>),
}

impl Cluster {
    /// Asks who we are. Servers before 1.28 cannot tell.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn whoami(&self) -> Result<User, Trouble> {
        let review = self
            .read("ask who you are", |client| async move {
                Api::all(client).create(&PostParams::default(), &SelfSubjectReview::default()).await
            })
            .await?;
        let user = review.status.and_then(|status| status.user_info).unwrap_or_default();
        Ok(User {
            name: user.username.unwrap_or_default().into(),
            groups: user.groups.unwrap_or_default().into_iter().map(Into::into).collect(),
        })
    }

    /// Asks whether we may patch routes in a namespace.
    ///
    /// # Errors
    /// [`Trouble`] when the server does not say.
    pub async fn can_patch(&self, namespace: &str) -> Result<Access, Trouble> {
        let attributes = ResourceAttributes {
            group: Some("gateway.networking.k8s.io".to_owned()),
            resource: Some("httproutes".to_owned()),
            verb: Some("patch".to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ResourceAttributes::default()
        };
        let review = &SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(attributes),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let what = format!("ask whether you may patch routes in namespace {namespace}");
        let answer =
            self.read(&what, |client| async move {
                Api::all(client).create(&PostParams::default(), review).await
            })
            .await?;
        let status = answer.status.unwrap_or_default();
        if status.allowed {
            return Ok(Access::Granted);
        }
        let reason = status.reason.or(status.evaluation_error).filter(|reason| !reason.is_empty());
        let right = format!("patch httproutes.gateway.networking.k8s.io in namespace {namespace}");
        Ok(Access::Denied(match reason {
            Some(reason) => format!("{right} ({})", first_line(&reason, 120)).into(),
            None => right.into(),
        }))
    }
}
