//! The generated protocol, under its package names. Only `statement::wire`, `service` and `client` use it; nothing
//! generated leaves them.

/// Package `counterfoil`.
pub mod counterfoil {
    /// Package `counterfoil.v1`: what `proto/counterfoil/v1/*.proto` says, with the same comments.
    pub mod v1 {
        #![expect(clippy::as_conversions, clippy::allow_attributes, reason = "generated code")]
        tonic::include_proto!("counterfoil.v1");

        /// The descriptor set of the package, for gRPC reflection.
        pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/counterfoil.v1.bin"));
    }
}
