//! Protobuf bytes as JSON by their descriptors, in the order of the bytes: reads the wire format by itself, so that what
//! the file shows does not come from the code that wrote the bytes.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use counterfoil::proto::counterfoil::v1::DESCRIPTORS;
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

/// A JSON value whose members stay in order.
pub(crate) enum Json {
    Text(String),
    Number(u64),
    True,
    List(Vec<Json>),
    Members(Vec<(String, Json)>),
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::True => serializer.serialize_bool(true),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Members(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

/// Every message and choice of the protocol by its full name.
pub(crate) struct Protocol {
    messages: HashMap<String, DescriptorProto>,
    choices: HashMap<String, EnumDescriptorProto>,
}

impl Protocol {
    pub(crate) fn read() -> Self {
        let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap().file;
        let name = |package: &Option<String>, name: &Option<String>| {
            format!(".{}.{}", package.as_deref().unwrap(), name.as_deref().unwrap())
        };
        let (mut messages, mut choices) = (HashMap::new(), HashMap::new());
        for file in files {
            messages.extend(file.message_type.into_iter().map(|found| (name(&file.package, &found.name), found)));
            choices.extend(file.enum_type.into_iter().map(|found| (name(&file.package, &found.name), found)));
        }
        Self { messages, choices }
    }

    /// Reads the bytes of a message in proto3's JSON mapping, with the names of the `.proto` files.
    pub(crate) fn json(&self, message: &str, mut bytes: &[u8]) -> Json {
        let fields = &self.messages[message].field;
        let mut members: Vec<(String, Json)> = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let field = fields.iter().find(|field| field.number == i32::try_from(tag >> 3).ok()).unwrap();
            let name = field.name.clone().unwrap();
            let value = match tag & 7 {
                0 => self.number(field, varint(&mut bytes)),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    self.delimited(field, value)
                }
                other => panic!("no field has the wire type {other}"),
            };
            match members.last_mut() {
                Some((last, Json::List(items))) if *last == name => items.push(value),
                _ if field.label() == Label::Repeated && !matches!(value, Json::List(_)) => {
                    members.push((name, Json::List(vec![value])));
                }
                _ => members.push((name, value)),
            }
        }
        Json::Members(members)
    }

    fn delimited(&self, field: &FieldDescriptorProto, mut value: &[u8]) -> Json {
        match field.r#type() {
            Type::Message => self.json(field.type_name(), value),
            Type::String => Json::Text(std::str::from_utf8(value).unwrap().to_owned()),
            Type::Bytes => Json::Text(STANDARD.encode(value)),
            _ => {
                let mut packed = Vec::new();
                while !value.is_empty() {
                    packed.push(self.number(field, varint(&mut value)));
                }
                Json::List(packed)
            }
        }
    }

    fn number(&self, field: &FieldDescriptorProto, number: u64) -> Json {
        match field.r#type() {
            Type::Uint32 => Json::Number(number),
            Type::Uint64 => Json::Text(number.to_string()),
            // Zigzag: 0, -1, 1, -2, ... are written as 0, 1, 2, 3, ...
            Type::Sint64 if number % 2 == 1 => Json::Text((-i128::from(number / 2) - 1).to_string()),
            Type::Sint64 => Json::Text((number / 2).to_string()),
            Type::Bool => Json::True,
            Type::Enum => {
                let choices = &self.choices[field.type_name()].value;
                let found = choices.iter().find(|choice| choice.number == i32::try_from(number).ok()).unwrap();
                Json::Text(found.name.clone().unwrap())
            }
            other => panic!("no field of a statement is a {other:?}"),
        }
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return number;
        }
    }
    panic!("a number has at most ten bytes")
}
