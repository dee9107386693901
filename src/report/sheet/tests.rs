use super::*;

fn columns() -> Vec<Column> {
    let column = |name: &str, kind| Column { name: name.into(), kind };
    vec![
        column("variant", CellKind::Text),
        column("mean_s", CellKind::Number),
        column("sent", CellKind::Count),
        column("stuck", CellKind::Flag),
    ]
}

#[test]
fn every_format_has_the_same_cells() {
    let place = std::env::temp_dir().join(format!("sim-sheet-{}", std::process::id()));
    let folder = Folder::open(&place).unwrap();
    let mut sheet = Sheet::begin(&folder, "x", &columns(), &[FileFormat::Csv, FileFormat::Jsonl]);
    sheet.row(&[Cell::text("a, \"b\""), Cell::Number(1.0 / 3.0), Cell::Count(7), Cell::Flag(true)]);
    sheet.row(&[Cell::text(""), Cell::Number(f64::INFINITY), Cell::Missing, Cell::Missing]);
    assert!(sheet.finish().iter().all(Result::is_ok));
    let text = |name: &str| std::fs::read_to_string(place.join(name)).unwrap();
    assert_eq!(text("x.csv"), "variant,mean_s,sent,stuck\n\"a, \"\"b\"\"\",0.3333333,7,yes\n,inf,,\n");
    assert_eq!(
        text("x.jsonl"),
        "{\"variant\":\"a, \\\"b\\\"\",\"mean_s\":0.3333333333333333,\"sent\":7,\"stuck\":true}\n\
         {\"variant\":\"\",\"mean_s\":null,\"sent\":null,\"stuck\":null}\n"
    );
    std::fs::remove_dir_all(place).unwrap();
}

/// Names that were once in a file stay there, each with a type, and all but words and flags with a unit.
#[test]
fn every_column_is_described() {
    let schema = schema();
    for resource in schema["resources"].as_array().unwrap() {
        let fields = resource["schema"]["fields"].as_array().unwrap();
        for field in fields {
            assert!(!field["description"].as_str().unwrap().is_empty(), "{field}");
            let is_figure = ["number", "integer"].contains(&field["type"].as_str().unwrap());
            assert_eq!(is_figure, field["unit"].is_string(), "{field}");
        }
        let mut names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
