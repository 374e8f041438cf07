//! The taps of one process: everything it sends to the outside goes through one of them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::RunError;
use super::instance::Launch;
use super::resources::Resources;
use crate::event::Source;
use crate::provider::Listener;
use crate::stack;
use crate::tap::Gate;
use crate::tap::kafka::{KafkaTap, Member, Options};
use crate::tap::postgres::{self, PostgresTap, Upstream};

#[derive(Default)]
pub struct StormTaps {
    pub brokers: Gate,
    pub database: Gate,
    metrics: Mutex<Vec<(Source, SocketAddr)>>,
}

impl StormTaps {
    /// Where each process serves its metrics, or served them.
    pub fn metrics(&self) -> Vec<(Source, SocketAddr)> {
        self.metrics.lock().expect("no holder panics").clone()
    }

    /// Where the instance was before, if that is free: Prometheus takes seconds to hear of another
    /// one. Somebody may take it before the process does, which then fails and is started again
    /// with another.
    fn address_for(&self, source: &Source) -> std::io::Result<SocketAddr> {
        let mut metrics = self.metrics.lock().expect("no holder panics");
        let of_it = |(other, _): &&(Source, SocketAddr)| other.instance == source.instance;
        let before = metrics
            .iter()
            .rev()
            .find(of_it)
            .map(|(_, address)| *address);
        let listener = match before.map(TcpListener::bind) {
            Some(Ok(listener)) => listener,
            _ => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        };
        let address = listener.local_addr()?;
        metrics.push((source.clone(), address));
        Ok(address)
    }
}

/// All connections through them close when it is dropped.
pub(crate) struct Taps {
    provider: Listener,
    postgres: PostgresTap,
    kafka: KafkaTap,
    sink: Option<Listener>,
    metrics: Option<SocketAddr>,
}

impl Taps {
    /// To be called within a Tokio runtime.
    pub(crate) fn open(launch: &Launch, source: &Source) -> Result<Self, RunError> {
        let Resources {
            topic,
            group,
            endpoints,
            ..
        } = &launch.context.resources;
        let hook = || Arc::clone(&launch.hook);
        let postgres = &endpoints.postgres;
        let route = stack::postgres::route(&postgres.admin_url, postgres.ca.as_deref())
            .map_err(|e| RunError::Listen(std::io::Error::other(e)))?;
        let upstream = match route.tls {
            None => Upstream::plain(route.host, route.port),
            Some((connector, verify)) => Upstream::tls(route.host, route.port, connector, verify),
        };
        // Signatures are equal in every run, and these names are not.
        let placeholders = vec![
            (topic.clone(), "{topic}".to_owned()),
            (group.clone(), "{group}".to_owned()),
        ];
        let mut options = Options {
            placeholders,
            marks: launch.context.marks.clone(),
            ..Options::default()
        };
        let mut postgres_options = postgres::Options {
            marks: launch.context.marks.clone(),
            ..postgres::Options::default()
        };
        if let Some(storm) = &launch.storm {
            options.decode_fetches = false;
            options.gate = storm.brokers.clone();
            postgres_options.keep_parameters = true;
            postgres_options.gate = storm.database.clone();
        }
        Ok(Self {
            provider: launch
                .context
                .provider
                .listen(source.clone(), hook())
                .map_err(RunError::Listen)?,
            metrics: match &launch.storm {
                Some(storm) => Some(storm.address_for(source).map_err(RunError::Listen)?),
                None => None,
            },
            postgres: PostgresTap::listen_with(source.clone(), upstream, hook(), postgres_options)
                .map_err(RunError::Listen)?,
            kafka: KafkaTap::listen(source.clone(), &endpoints.kafka, hook(), options)
                .map_err(RunError::Listen)?,
            sink: match &launch.sink {
                Some(sink) => Some(
                    sink.listen(source.clone(), hook())
                        .map_err(RunError::Listen)?,
                ),
                None => None,
            },
        })
    }

    pub(crate) fn environment(&self, launch: &Launch, name: &str) -> Vec<(&'static str, String)> {
        let resources = &launch.context.resources;
        let mut environment = vec![
            ("KAFKA_BOOTSTRAP_SERVERS", self.kafka.bootstrap()),
            ("KAFKA_TOPIC", resources.topic.clone()),
            ("KAFKA_GROUP_ID", resources.group.clone()),
            (
                "DATABASE_URL",
                resources.database_url_at(&self.postgres.address(), name),
            ),
            ("PAYMENT_API_URL", self.provider.url()),
            (
                "PAYMENT_API_KEY",
                launch.context.account.api_key().to_owned(),
            ),
            ("CONSUMER_ID", name.to_owned()),
        ];
        environment.extend(self.metrics.map(|at| ("METRICS_ADDR", at.to_string())));
        environment.extend(self.sink.as_ref().map(|sink| ("SINK_URL", sink.url())));
        environment.extend(
            resources
                .output_topic
                .clone()
                .map(|t| ("KAFKA_OUTPUT_TOPIC", t)),
        );
        environment.extend(
            resources
                .parked_topic
                .clone()
                .map(|t| ("KAFKA_PARKED_TOPIC", t)),
        );
        environment
    }

    pub(crate) fn members(&self) -> watch::Receiver<Vec<Member>> {
        self.kafka.members()
    }
}
