//! What a form says.

use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::stream;
use multer::Multipart;

/// The fields of a form, in their order, and the files that came with it.
#[derive(Clone, Debug, Default)]
pub(in crate::console) struct Form {
    fields: Vec<(String, String)>,
    files: Vec<Upload>,
}

/// A file that came with a form.
#[derive(Clone, Debug)]
pub(in crate::console) struct Upload {
    /// As its owner calls it.
    pub(in crate::console) name: String,
    /// What is in it.
    pub(in crate::console) bytes: Bytes,
}

impl Form {
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self { fields: form_urlencoded::parse(bytes).into_owned().collect(), files: Vec::new() }
    }

    /// A form with files.
    pub(super) async fn read_parts(bytes: Bytes, boundary: &str) -> Result<Self, multer::Error> {
        let whole = stream::iter([Ok::<_, Infallible>(bytes)]);
        let mut parts = Multipart::new(whole, boundary);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await? {
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                // A field for files in which none was chosen.
                Some(name) if name.is_empty() => {}
                Some(name) => form.files.push(Upload { name, bytes: part.bytes().await? }),
                None => form.fields.push((field, part.text().await?)),
            }
        }
        Ok(form)
    }

    /// The files that came with it.
    pub(in crate::console) fn files(&self) -> &[Upload] {
        &self.files
    }

    /// The fields of an address.
    pub(in crate::console) fn of_query(query: Option<&str>) -> Self {
        Self::read(query.unwrap_or_default().as_bytes())
    }

    /// What a field says; nothing, where it is not there.
    pub(in crate::console) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Everything that fields of this name say.
    pub(in crate::console) fn all(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether there is such a field.
    pub(in crate::console) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Every field with what it says.
    pub(in crate::console) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(field, value)| (field.as_str(), value.as_str()))
    }

    /// What a field says, without spaces around it.
    pub(in crate::console) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }
}
