//! Plans as people write them: a TOML file to [`Plan`]. `examples/plan.toml` explains the keys.
//!
//! Whether the budgets come to the floor masses, and the names are the agreement's, the law decides.

use std::path::Path;

use crate::{
    agreement::Agreement,
    cli::{
        error::Failure,
        ids,
        terms_toml::{Purpose, file_or_digest, list, optional_list},
        toml_file::{Node, TomlFile, TomlFileError},
    },
    statement::{
        id::StatementId,
        terms::Name,
        work::{Milestone, Plan, Task},
    },
};

/// A file that is ready to be filled in, with its keys explained.
pub const EXAMPLE: &str = include_str!("../../examples/plan.toml");

/// A plan as it was read: the feedback is named as people do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// The tasks and milestones; its feedback is still empty.
    pub plan: Plan,
    /// The feedback that it takes in: entries, or st1....
    pub feedback: Vec<String>,
}

/// Reads the plan in a file; criteria are hashed.
///
/// Errors: [`TomlFileError`].
pub fn read(file: &TomlFile) -> Result<PlanFile, TomlFileError> {
    let parsed = file.parse()?;
    let table = parsed.root().table(&["tasks", "milestones", "feedback"])?;
    let tasks = list(&table, "tasks", |node| task(node, file.path()))?;
    let names: Vec<&Name> = tasks.iter().map(|task| &task.name).collect();
    let milestones = optional_list(&table, "milestones", |node| milestone(node, &names))?;
    let feedback = optional_list(&table, "feedback", |node| match node.is_text() {
        true => Ok(node.text()?.to_owned()),
        false => Ok(node.count()?.to_string()),
    })?;
    Ok(PlanFile { plan: Plan { tasks, milestones, feedback: Vec::new() }, feedback })
}

/// Reads the plan in the file at `path` for an agreement, whose feedback it may name.
pub fn load(path: &Path, agreement: &Agreement) -> Result<Plan, Failure> {
    let PlanFile { mut plan, feedback } = read(&TomlFile::read(path)?).map_err(|error| {
        let failure = Failure::from(error);
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("`counterfoil plan --example` prints a plan that is right")
        }
    })?;
    let known = || agreement.feedback().into_iter().map(|view| (view.index, view.id));
    let named = feedback.iter().map(|text| ids::find(text, "feedback", known()));
    plan.feedback = named.collect::<Result<Vec<StatementId>, Failure>>()?;
    Ok(plan)
}

fn task(node: Node<'_>, path: &Path) -> Result<Task, TomlFileError> {
    let table =
        node.table(&["name", "title", "owner", "dimension", "budget", "due", "criteria_file", "criteria_digest"])?;
    let name: Name = table.need("name")?.parsed()?;
    Ok(Task {
        title: table.read("title", |node| Ok(node.text()?.to_owned()))?.unwrap_or_else(|| name.to_string()),
        owner: table.need("owner")?.parsed()?,
        dimension: table.need("dimension")?.parsed()?,
        budget: table.need("budget")?.ratio()?,
        due: table.need("due")?.until()?,
        criteria: file_or_digest(&table, ["criteria_file", "criteria_digest"], path, Purpose::Sign)?,
        name,
    })
}

fn milestone(node: Node<'_>, tasks: &[&Name]) -> Result<Milestone, TomlFileError> {
    let table = node.table(&["title", "due", "tasks"])?;
    let task = |node: Node<'_>| node.name_among("task", tasks).map(|task| tasks[task].clone());
    Ok(Milestone {
        title: table.need("title")?.text()?.to_owned(),
        due: table.need("due")?.until()?,
        tasks: optional_list(&table, "tasks", task)?,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tempfile::TempDir;

    use super::{EXAMPLE, read};
    use crate::cli::toml_file::TomlFile;

    fn file(directory: &Path, text: &str) -> TomlFile {
        fs::write(directory.join("plan.md"), "what done means").unwrap();
        TomlFile::new(&directory.join("plan.toml"), text.to_owned())
    }

    #[test]
    fn the_example_is_a_plan() {
        let directory = TempDir::new().unwrap();
        let plan = read(&file(directory.path(), EXAMPLE)).unwrap();
        assert!(!plan.plan.tasks.is_empty() && !plan.plan.milestones.is_empty());
    }

    #[test]
    fn mistakes_name_their_line_and_a_remedy() {
        let directory = TempDir::new().unwrap();
        let wrong = |from: &str, to: &str| {
            assert!(EXAMPLE.contains(from), "the example has changed: mend this test");
            let error = read(&file(directory.path(), &EXAMPLE.replacen(from, to, 1))).unwrap_err();
            format!("{error} {}", error.hint().unwrap_or_default())
        };
        assert!(wrong("owner =", "ownr =").contains("did you mean `owner`?"));
        assert!(wrong("tasks = [\"parser\"", "tasks = [\"praser\"").contains("did you mean `parser`?"));
        assert!(wrong("budget = 300", "budget = 0.5").contains("write it in quotes"));
    }
}
