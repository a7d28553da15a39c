//! Other ways to put the same profile into a signed token, each as a careful designer would use it.

use ciborium::Value as Cbor;
use claim169_core::{Claim169, CwtMeta, Decoder, Encoder};
use coset::{CborSerializable as _, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use sealcard_core::{Issuer, Profile, Snapshot, TrustAnchor, TrustStore, Ttl, UnixTime, Verifier};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{Read as _, Write as _};

use crate::{NOW, SEED};

/// A token format.
pub struct Peer {
    pub name: &'static str,
    pub issue: Box<dyn Fn(&Profile) -> String>,
    /// Verifies and reads; panics if that fails.
    pub verify: Box<dyn Fn(&str)>,
}

/// All of them, ours first.
pub fn all() -> Vec<Peer> {
    vec![sealcard(), jwt(), paseto(), cose(), claim169()]
}

fn sealcard() -> Peer {
    let issuer = Issuer::new(sealcard_core::SigningKey::from_seed(SEED));
    let anchor = TrustAnchor::new(None, issuer.verifying_key());
    let verifier = RefCell::new(Verifier::new(TrustStore::new(vec![anchor]).expect("one key")));
    Peer {
        name: "Sealcard",
        issue: Box::new(move |profile| {
            let ttl = Ttl::from_secs(600).expect("in range");
            issuer.issue(&Snapshot::new(profile.clone(), NOW, ttl)).expect("it fits").to_text()
        }),
        verify: Box::new(move |text| {
            verifier.borrow_mut().verify(text, NOW).expect("valid");
        }),
    }
}

/// The profile's public JSON with the usual claims.
fn claims(profile: &Profile) -> Value {
    json!({ "sub": profile.username, "iat": NOW.as_secs(), "exp": expiry(), "profile": profile })
}

fn expiry() -> u64 {
    UnixTime::saturating_add(NOW, 600).as_secs()
}

fn jwt() -> Peer {
    let key = SigningKey::from_bytes(&SEED);
    // PKCS #8 of an Ed25519 seed: a fixed head and the seed.
    let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let encoding = EncodingKey::from_ed_der(&[&head[..], &SEED].concat());
    let decoding = DecodingKey::from_ed_der(key.verifying_key().as_bytes());
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    Peer {
        name: "JWT EdDSA (jsonwebtoken)",
        issue: Box::new(move |profile| {
            jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims(profile), &encoding).expect("a JWT")
        }),
        verify: Box::new(move |text| {
            let token = jsonwebtoken::decode::<Value>(text, &decoding, &validation).expect("valid");
            assert!(token.claims["exp"].as_u64() >= Some(NOW.as_secs()));
        }),
    }
}

fn paseto() -> Peer {
    let key = SigningKey::from_bytes(&SEED);
    let secret = AsymmetricSecretKey::<V4>::from(&key.to_keypair_bytes()).expect("a key");
    let public = AsymmetricPublicKey::<V4>::from(key.verifying_key().as_bytes()).expect("a key");
    Peer {
        name: "PASETO v4.public (pasetors)",
        issue: Box::new(move |profile| {
            PublicToken::sign(&secret, claims(profile).to_string().as_bytes(), None, None).expect("a token")
        }),
        verify: Box::new(move |text| {
            let token = UntrustedToken::try_from(text).expect("a token");
            let token = PublicToken::verify(&public, &token, None, None).expect("valid");
            let claims: Value = serde_json::from_str(token.payload()).expect("JSON");
            assert!(claims["exp"].as_u64() >= Some(NOW.as_secs()));
        }),
    }
}

/// The profile without what can be derived: numbers for names, no addresses that follow from the platform.
fn lean(profile: &Profile) -> Cbor {
    let text = |text: &str| Cbor::Text(text.into());
    let link = |link: &sealcard_core::Link| {
        let own = link.own_url().map(|url| text(url.as_str()));
        Cbor::Array([text(link.platform().as_str()), text(link.username().as_str())].into_iter().chain(own).collect())
    };
    let [r, g, b] = profile.accent_color.rgb;
    let color = u32::from_be_bytes([0, r, g, b]);
    let fields = [
        (1, Some(text(profile.username.as_str()))),
        (2, Some(text(profile.display_name.as_str()))),
        (3, profile.bio.as_ref().map(|bio| text(bio.as_str()))),
        (4, profile.pronouns.as_ref().map(|pronouns| text(pronouns.as_str()))),
        (5, profile.role.as_ref().map(|role| text(role.as_str()))),
        (6, profile.company.as_ref().map(|company| text(company.as_str()))),
        (7, profile.avatar_url().map(|url| text(url.as_str()))),
        (8, Some(Cbor::from(color)).filter(|_| profile.accent_color != Default::default())),
        (9, Some(Cbor::Array(profile.links().iter().map(link).collect()))),
    ];
    Cbor::Map(fields.into_iter().filter_map(|(key, value)| Some((Cbor::from(key), value?))).collect())
}

/// As the EU's digital certificates: CWT claims in COSE_Sign1, zlib, base45.
fn cose() -> Peer {
    let key = SigningKey::from_bytes(&SEED);
    let public: VerifyingKey = key.verifying_key();
    Peer {
        name: "COSE + zlib + base45 (coset)",
        issue: Box::new(move |profile| {
            let claims = Cbor::Map(vec![
                (Cbor::from(4), Cbor::from(expiry())),
                (Cbor::from(6), Cbor::from(NOW.as_secs())),
                (Cbor::from(-260), lean(profile)),
            ]);
            let mut payload = Vec::new();
            ciborium::into_writer(&claims, &mut payload).expect("memory");
            let header = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(vec![7; 8]).build();
            let token = CoseSign1Builder::new()
                .protected(header)
                .payload(payload)
                .create_signature(b"", |message| key.sign(message).to_bytes().to_vec())
                .build();
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
            zlib.write_all(&token.to_vec().expect("CBOR")).expect("memory");
            format!("HC1:{}", base45::encode(zlib.finish().expect("memory")))
        }),
        verify: Box::new(move |text| {
            let zlib = base45::decode(text.strip_prefix("HC1:").expect("the prefix")).expect("base45");
            let mut bytes = Vec::new();
            ZlibDecoder::new(zlib.as_slice()).take(65_536).read_to_end(&mut bytes).expect("zlib");
            let token = CoseSign1::from_slice(&bytes).expect("COSE");
            token
                .verify_signature(b"", |signature, message| {
                    public.verify_strict(message, &Signature::from_slice(signature).expect("64 bytes"))
                })
                .expect("valid");
            let claims: Cbor = ciborium::from_reader(token.payload.expect("a payload").as_slice()).expect("CBOR");
            assert!(claims.as_map().expect("a map").len() == 3);
        }),
    }
}

/// Its own fields where they fit; it has none for the rest, which goes into the address, a line each.
fn claim169() -> Peer {
    let key = SigningKey::from_bytes(&SEED);
    let public = *key.verifying_key().as_bytes();
    Peer {
        name: "claim169-core",
        issue: Box::new(move |profile| {
            let lines = [&profile.role, &profile.company].into_iter().flatten().map(|text| text.as_str().to_owned());
            let lines = lines.chain(profile.bio.as_ref().map(|bio| bio.as_str().to_owned()));
            let lines = lines.chain(profile.pronouns.as_ref().map(|pronouns| pronouns.as_str().to_owned()));
            let lines = lines.chain(profile.avatar_url().map(|url| url.as_str().to_owned()));
            let link = |link: &sealcard_core::Link| {
                let own = link.own_url().map(|url| url.as_str()).unwrap_or_default();
                format!("{} {} {own}", link.platform().as_str(), link.username())
            };
            let rest: Vec<_> = lines.chain(profile.links().iter().map(link)).collect();
            let claims = Claim169 {
                id: Some(profile.username.as_str().into()),
                full_name: Some(profile.display_name.as_str().into()),
                address: Some(rest.join("\n")),
                ..Claim169::default()
            };
            let time = i64::try_from(NOW.as_secs()).expect("small");
            let meta = CwtMeta::new().with_issued_at(time).with_expires_at(time + 600);
            Encoder::new(claims, meta).sign_with_ed25519(&SEED).expect("a key").encode().expect("a token").qr_data
        }),
        verify: Box::new(move |text| {
            let decoder = Decoder::new(text).verify_with_ed25519(&public).expect("a key");
            decoder.without_timestamp_validation().decode().expect("valid");
        }),
    }
}
