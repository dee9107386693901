//! Linear algebra of small symmetric matrices: Cholesky's factor and what follows from it.
//!
//! They are written here because a library is more than they need: nalgebra 0.35 without its default features would add seven
//! packages (`cargo tree`). The order of operations is fixed, so that the same seed gives the same draws on every machine.

/// The Cholesky factor of a positive definite matrix: the lower triangle `L` with `L Lᵀ = A`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cholesky {
    size: usize,
    /// By rows.
    lower: Vec<f64>,
}

impl Cholesky {
    /// The factor of a matrix that is given by rows; only its lower triangle is read. None if it is not positive definite
    /// (Golub and Van Loan, *Matrix Computations*, algorithm 4.2.1).
    #[must_use]
    pub fn of(matrix: &[f64], size: usize) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let (upper, own) = (&lower[column * size..][..column], &lower[row * size..][..column]);
                let sum = matrix[row * size + column] - dot(own, upper);
                lower[row * size + column] = match row == column {
                    true if sum > 0.0 => sum.sqrt(),
                    true => return None,
                    false => sum / lower[column * size + column],
                };
            }
        }
        Some(Self { size, lower })
    }

    /// The number of rows.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// `L⁻¹ b`.
    #[must_use]
    pub fn half(&self, right: &[f64]) -> Vec<f64> {
        let mut solved: Vec<f64> = Vec::with_capacity(self.size);
        for row in 0..self.size {
            let own = &self.lower[row * self.size..][..=row];
            solved.push((right[row] - dot(&own[..row], &solved)) / own[row]);
        }
        solved
    }

    /// `A⁻¹ b`.
    #[must_use]
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solved = self.half(right);
        for row in (0..self.size).rev() {
            solved[row] /= self.lower[row * self.size + row];
            for above in 0..row {
                solved[above] -= self.lower[row * self.size + above] * solved[row];
            }
        }
        solved
    }

    /// `L b`: of independent draws with variance 1, draws with covariance `A`.
    #[must_use]
    pub fn times(&self, right: &[f64]) -> Vec<f64> {
        (0..self.size).map(|row| dot(&self.lower[row * self.size..][..=row], &right[..=row])).collect()
    }

    /// The logarithm of the determinant of `A`.
    #[must_use]
    pub fn log_determinant(&self) -> f64 {
        (0..self.size).map(|row| 2.0 * libm::log(self.lower[row * self.size + row])).sum()
    }
}

/// The scalar product, in eight sums side by side: a processor adds them at once, and the order is the same everywhere.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (of_a, rest_a) = a.as_chunks::<LANES>();
    let (of_b, rest_b) = b[..a.len()].as_chunks::<LANES>();
    for (a, b) in of_a.iter().zip(of_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// The logarithm of the density of a multivariate normal distribution at this distance from its mean, up to a constant. None if
/// the covariance is not positive definite.
#[must_use]
pub fn log_normal(distance: &[f64], covariance: &[f64]) -> Option<f64> {
    let factor = Cholesky::of(covariance, distance.len())?;
    let half = factor.half(distance);
    Some(-0.5 * (dot(&half, &half) + factor.log_determinant()))
}

/// Least squares: the coefficients with which the columns of `rows` fit the values best. The penalty on their squares (ridge
/// regression) makes them unique where columns depend on each other.
#[must_use]
pub fn least_squares(rows: &[Vec<f64>], values: &[f64], ridge: f64) -> Option<Vec<f64>> {
    let size = rows.first()?.len();
    let mut normal = vec![0.0; size * size];
    let mut right = vec![0.0; size];
    for (row, value) in rows.iter().zip(values) {
        for a in 0..size {
            right[a] += row[a] * value;
            for b in 0..size {
                normal[a * size + b] += row[a] * row[b];
            }
        }
    }
    for a in 0..size {
        normal[a * size + a] += ridge;
    }
    Some(Cholesky::of(&normal, size)?.solve(&right))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Golub and Van Loan: L = [[2, 0, 0], [6, 1, 0], [-8, 5, 3]].
    #[test]
    fn a_known_matrix_has_its_factor() {
        let matrix = [4.0, 12.0, -16.0, 12.0, 37.0, -43.0, -16.0, -43.0, 98.0];
        let factor = Cholesky::of(&matrix, 3).unwrap();
        assert_eq!(factor.lower, [2.0, 0.0, 0.0, 6.0, 1.0, 0.0, -8.0, 5.0, 3.0]);
        assert!((factor.log_determinant() - 36.0f64.ln()).abs() < 1e-12);
        let solved = factor.solve(&[1.0, 2.0, 3.0]);
        for (row, wanted) in matrix.chunks(3).zip([1.0, 2.0, 3.0]) {
            assert!((dot(row, &solved) - wanted).abs() < 1e-9, "{solved:?}");
        }
        assert_eq!(factor.times(&[1.0, 1.0, 1.0]), [2.0, 7.0, 0.0]);
        assert_eq!(Cholesky::of(&[1.0, 2.0, 2.0, 1.0], 2), None, "it has a negative eigenvalue");
    }

    #[test]
    fn the_density_of_two_that_move_together_is_that_of_their_sum_and_difference() {
        let density = log_normal(&[1.0, 1.0], &[1.0, 0.5, 0.5, 1.0]).unwrap();
        // Sum and difference are independent, with variances 3 and 1; the sum is 2, the determinant of the covariance 0.75.
        assert!((density + 0.5 * (4.0 / 3.0 + 0.75f64.ln())).abs() < 1e-12, "{density}");
    }

    #[test]
    fn a_line_is_found() {
        let rows: Vec<Vec<f64>> = (0..5).map(|x| vec![1.0, f64::from(x)]).collect();
        let values: Vec<f64> = (0..5).map(|x| 3.0 - 2.0 * f64::from(x)).collect();
        let found = least_squares(&rows, &values, 1e-12).unwrap();
        assert!((found[0] - 3.0).abs() < 1e-6 && (found[1] + 2.0).abs() < 1e-6, "{found:?}");
    }
}
