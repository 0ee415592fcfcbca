//! A server behind a proxy that speaks TLS, as the README tells operators to do, is reached by `https:`.

use std::{fs, net::SocketAddr, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{
    machine::{World, command},
    parties,
};

/// A proxy that ends TLS before a server; dropped, it stops.
struct Proxy {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Proxy {
    /// Begins, and writes its certificate into a file.
    fn before(url: &str, world: &World, certificate: &str) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        world.write(certificate, &cert.pem());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let mut config = config.with_single_cert(vec![cert.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Who does not believe the certificate goes away, which is what some of these callers should do.
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(server).await.unwrap();
                    let _ = copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self { address, _runtime: runtime }
    }
}

#[test]
fn a_server_behind_tls_is_reached_by_who_trusts_its_certificate() {
    let parties = parties();
    let world = &parties.world;
    let proxy = Proxy::before(&parties.server.url, world, "proxy.pem");
    let show = |host: &str, certificate: Option<&str>| {
        let mut command = command(&world.path("community"), world.directory.path());
        if let Some(certificate) = certificate {
            command.env("SSL_CERT_FILE", world.path(certificate));
        }
        let server = format!("https://{host}:{}", proxy.address.port());
        let output = command.args(["show", &parties.agreement, "--server", &server]).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, said) = show("localhost", Some("proxy.pem"));
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&parties.agreement), "{said}");
    for (host, certificate) in [("localhost", None), ("127.0.0.1", Some("proxy.pem"))] {
        let (code, said) = show(host, certificate);
        assert_eq!(code, 13, "{host}: {said}");
        assert!(said.contains("invalid peer certificate") && said.contains("SSL_CERT_FILE"), "{host}: {said}");
    }
    // A machine without certificates of its own has those of the browsers, which do not know this one.
    fs::write(world.path("empty.pem"), "").unwrap();
    let (code, said) = show("localhost", Some("empty.pem"));
    assert_eq!(code, 13, "{said}");
    assert!(said.contains("invalid peer certificate"), "{said}");
}
