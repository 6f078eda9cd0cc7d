//! What a form says.

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(in crate::console) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The fields of an address.
    pub(in crate::console) fn of_query(query: Option<&str>) -> Self {
        Self::read(query.unwrap_or_default().as_bytes())
    }

    /// What a field says; nothing, where it is not there.
    pub(in crate::console) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Everything that fields of this name say.
    pub(in crate::console) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
    }

    /// Whether there is such a field.
    pub(in crate::console) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Every field with what it says.
    pub(in crate::console) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, value)| (field.as_str(), value.as_str()))
    }

    /// What a field says, without spaces around it.
    pub(in crate::console) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }
}
