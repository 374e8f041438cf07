//! Connections for whoever relays Kafka's protocol instead of speaking it.

use super::connection::{Access, BrokerConnection};
use super::error::GroupError;
use super::transport::{self, Stream};
use crate::stack::Security;

pub(crate) struct Dialer {
    access: Access,
}

impl Dialer {
    /// Reads the files that the settings name, once.
    pub(crate) fn new(security: &Security) -> Result<Self, GroupError> {
        let tls = transport::connector(security)?;
        Ok(Self {
            access: Access {
                security: security.clone(),
                tls,
            },
        })
    }

    /// Encrypted and authenticated where the listener asks for it: the next bytes are a request's.
    pub(crate) async fn dial(&self, broker: &str) -> Result<Box<dyn Stream>, GroupError> {
        if self.access.security.protocol.has_sasl() {
            return Ok(BrokerConnection::open(broker, &self.access)
                .await?
                .into_stream());
        }
        transport::open(broker, self.access.tls.as_ref()).await
    }
}
