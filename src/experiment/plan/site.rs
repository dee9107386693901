//! Sites: the variant and the values at which something was measured. They need not be a point of the plan.

use super::axis;
use super::design::Point;
use super::dial::Dial;
use super::point;
use super::ranged::Ranged;
use super::workbench::Workbench;
use crate::language::names::Names;
use crate::language::setting::Setting;
use crate::language::{Mistake, Mistakes};

/// A variant with values of its axes, or of any paths.
#[derive(Clone, Debug)]
pub struct Site {
    variant: usize,
    settings: Vec<Setting>,
}

impl Workbench {
    /// The site of a variant at these values of axes. A value need not be one that its axis lists; a name with a dot is a
    /// path, and a name that is no axis may be a key of the load.
    ///
    /// # Errors
    /// If there is no such variant, axis or value, and if more than one is possible.
    pub fn site(&self, variant: Option<&str>, at: &[(String, String)]) -> Result<Site, Mistakes> {
        let named: Vec<String> = variant.map(str::to_owned).into_iter().collect();
        let variants = self.variants(&named)?;
        let &[variant] = variants.as_slice() else {
            let names = Names::new(self.plan.variants.iter().map(String::as_str));
            let mistake = Mistake::new("this observation does not say which variant it measured");
            return Err(mistake.note(format!("the variants are {names}")).help("say it with --variant").into());
        };
        let design = &self.designs[variant];
        let mut settings = design.settings.clone();
        let is_of = |ready: &axis::Ready, name: &str| ready.axis.name == name || ready.axis.path == name;
        for (ready, choices) in self.axes.iter().zip(&design.choices) {
            let Some((_, value)) = at.iter().find(|(name, _)| is_of(ready, name)) else {
                let &[only] = choices.as_slice() else {
                    let title = format!("this observation has no value of axis `{}`", ready.axis.name);
                    let help = format!("say it with --at {}=…", ready.axis.name);
                    return Err(Mistake::new(title).help(help).into());
                };
                settings.extend(ready.settings.get(only).into_iter().flatten().cloned());
                continue;
            };
            match axis::chosen(&ready.axis, value) {
                Ok(index) => settings.extend(ready.settings.get(index).into_iter().flatten().cloned()),
                Err(unlisted) => settings.extend(self.beyond_axis(ready, value).map_err(|_| unlisted)?),
            }
        }
        for (name, value) in at.iter().filter(|(name, _)| !self.axes.iter().any(|ready| is_of(ready, name))) {
            let path = if name.contains('.') { name.clone() } else { format!("load.{name}") };
            let setting = Setting::argument(&path, value)?;
            if let Err(mistake) = setting.apply(&mut self.subject.clone()) {
                if name.contains('.') {
                    return Err(mistake.into());
                }
                let names = Names::new(self.axes.iter().map(|ready| ready.axis.name.as_str()));
                let mistake = Mistake::new(format!("there is no axis `{name}`")).advise(names, "axis", name);
                return Err(mistake.note(format!("nor has the load a key `{name}` that takes {value}")).into());
            }
            settings.push(setting);
        }
        Ok(Site { variant, settings })
    }

    /// The settings that give an axis of numbers a value that it does not list.
    fn beyond_axis(&self, ready: &axis::Ready, value: &str) -> Result<Vec<Setting>, Mistakes> {
        let mut columns = self.columns.clone();
        let dial = Dial::of_axis(ready, &self.subject, &mut columns)?;
        let number = dial.number(&axis::argument("--at", value), &mut columns)?;
        Ok(dial.settings(number))
    }

    /// The point of a site where these numbers of the model have other values, for a plan without axes.
    ///
    /// # Errors
    /// If the model or the load has a mistake there.
    pub fn point_of(&mut self, site: &Site, values: &[(&Ranged, f64)]) -> Result<Point, Mistakes> {
        let mut subject = self.bare.clone();
        let dials = values.iter().flat_map(|(ranged, value)| ranged.dial.settings(*value));
        for setting in dials.chain(self.shared.iter().cloned()).chain(site.settings.iter().cloned()) {
            setting.apply(&mut subject)?;
        }
        let system = point::system(&subject, &mut self.columns)?;
        let load = point::load(&subject, &system, &mut self.columns)?;
        Ok(Point { variant: site.variant, at: Vec::new(), system, load, warm_up: Default::default() })
    }
}
