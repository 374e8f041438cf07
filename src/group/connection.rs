//! One connection to one broker.

use std::collections::HashMap;
use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, Request, StrBytes, VersionRange,
};
use kafka_protocol::{ResponseError, messages::ApiVersionsResponse};
use openssl::ssl::SslConnector;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::{Asked, GroupError};
use super::sasl;
use super::transport::{self, Stream};
use super::versions::Spoken;
use crate::stack::Security;

/// Far above a large cluster's metadata (a few MB), far below what an HTTP or TLS answer reads as.
const FRAME_LIMIT: usize = 64 << 20;

/// For the brokers' logs and quotas.
const CLIENT_ID: &str = "crashwindow";

pub(super) struct Access {
    pub(super) security: Security,
    pub(super) tls: Option<SslConnector>,
}

/// Whoever gives up on a call in the middle must drop it: the rest of the answer is still on its
/// way.
pub(super) struct BrokerConnection {
    broker: String,
    stream: Box<dyn Stream>,
    offered: HashMap<i16, VersionRange>,
    correlation: i32,
}

impl BrokerConnection {
    /// Negotiates versions (KIP-35), and authenticates where the listener wants it.
    pub(super) async fn open(
        broker: &str,
        access: &Access,
    ) -> Result<BrokerConnection, GroupError> {
        let mut connection = BrokerConnection {
            broker: broker.to_string(),
            stream: transport::open(broker, access.tls.as_ref()).await?,
            offered: HashMap::new(),
            correlation: 0,
        };
        connection.negotiate().await?;
        if access.security.protocol.has_sasl() {
            let Some(credentials) = &access.security.sasl else {
                return Err(GroupError::Security {
                    why: "a sasl protocol needs a mechanism, a user name and a password".into(),
                });
            };
            sasl::authenticate(&mut connection, credentials).await?;
        }
        Ok(connection)
    }

    /// Nothing is under way on it.
    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    pub(super) fn broker(&self) -> &str {
        &self.broker
    }

    async fn negotiate(&mut self) -> Result<(), GroupError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str(CLIENT_ID))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let newest = ApiVersionsRequest::SPOKEN.max;
        let mut body = self.exchange(&request, newest).await?;
        let too_new = ResponseError::UnsupportedVersion.code().to_be_bytes();
        let answer: ApiVersionsResponse = if body.starts_with(&too_new) {
            let mut body = self.exchange(&ApiVersionsRequest::default(), 0).await?;
            self.decode::<ApiVersionsRequest>(&mut body, 0)?
        } else {
            self.decode::<ApiVersionsRequest>(&mut body, newest)?
        };
        let asked = Asked {
            what: "negotiating versions",
            broker: &self.broker,
        };
        asked.check(answer.error_code, None)?;
        self.offered = answer
            .api_keys
            .iter()
            .map(|api| {
                let (min, max) = (api.min_version, api.max_version);
                (api.api_key, VersionRange { min, max })
            })
            .collect();
        Ok(())
    }

    /// In the newest version that both sides know.
    pub(super) async fn call<R: Spoken>(&mut self, request: &R) -> Result<R::Response, GroupError> {
        let version = self.version::<R>()?;
        let mut body = self.exchange(request, version).await?;
        self.decode::<R>(&mut body, version)
    }

    fn version<R: Spoken>(&self) -> Result<i16, GroupError> {
        let offered = self.offered.get(&R::KEY);
        let both = offered.map(|offered| offered.intersect(&R::SPOKEN));
        match both {
            Some(both) if !both.is_empty() => Ok(both.max),
            _ => Err(GroupError::Unsupported {
                broker: self.broker.clone(),
                api: R::NAME,
                offered: offered.map_or("no version".to_string(), VersionRange::to_string),
                spoken: R::SPOKEN.to_string(),
            }),
        }
    }

    /// The body behind the response header.
    async fn exchange<R: Spoken>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<Bytes, GroupError> {
        self.correlation = self.correlation.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)));
        let mut frame = BytesMut::new();
        frame.put_u32(0);
        header
            .encode(&mut frame, R::header_version(version))
            .and_then(|()| request.encode(&mut frame, version))
            .map_err(|error| self.garbled::<R>(format!("it cannot be asked: {error}")))?;
        let size = u32::try_from(frame.len() - 4).expect("requests of this client are small");
        frame[..4].copy_from_slice(&size.to_be_bytes());

        self.stream
            .write_all(&frame)
            .await
            .map_err(|error| self.broken::<R>(error))?;
        self.stream
            .flush()
            .await
            .map_err(|error| self.broken::<R>(error))?;
        let mut answer = self.read_frame::<R>().await?;

        let header_version = <R as Request>::Response::header_version(version);
        let header = ResponseHeader::decode(&mut answer, header_version)
            .map_err(|error| self.garbled::<R>(error.to_string()))?;
        // Before the body is decoded: the crate reserves room for as many elements as an array
        // claims (kafka-protocol-rs#161).
        if header.correlation_id != self.correlation {
            return Err(self.garbled::<R>(format!(
                "correlation id {} instead of {}",
                header.correlation_id, self.correlation
            )));
        }
        Ok(answer)
    }

    async fn read_frame<R: Spoken>(&mut self) -> Result<Bytes, GroupError> {
        let size = match self.stream.read_u32().await {
            Ok(size) => size as usize,
            Err(error) => return Err(self.broken::<R>(error)),
        };
        if size > FRAME_LIMIT {
            return Err(self.garbled::<R>(format!(
                "a frame of {size} bytes, and {FRAME_LIMIT} are allowed; is this a listener of \
                 another protocol (TLS, HTTP)?"
            )));
        }
        // Grows with what arrives: the size is only a claim so far.
        let mut frame = Vec::new();
        let read = (&mut self.stream)
            .take(size as u64)
            .read_to_end(&mut frame)
            .await
            .map_err(|error| self.broken::<R>(error))?;
        if read < size {
            return Err(self.broken::<R>(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(frame.into())
    }

    fn decode<R: Spoken>(&self, body: &mut Bytes, version: i16) -> Result<R::Response, GroupError> {
        let answer = R::Response::decode(body, version)
            .map_err(|error| self.garbled::<R>(error.to_string()))?;
        if body.is_empty() {
            Ok(answer)
        } else {
            Err(self.garbled::<R>(format!("{} bytes too many", body.len())))
        }
    }

    fn broken<R: Spoken>(&self, source: io::Error) -> GroupError {
        GroupError::Broken {
            broker: self.broker.clone(),
            api: R::NAME,
            source,
        }
    }

    fn garbled<R: Spoken>(&self, why: String) -> GroupError {
        GroupError::Garbled {
            broker: self.broker.clone(),
            api: R::NAME,
            why: why.trim().to_string(),
        }
    }
}
