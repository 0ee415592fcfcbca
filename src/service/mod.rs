//! The gRPC face: limits, translation, and one table from refusals to status codes.
