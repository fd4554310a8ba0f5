#include <danaus/pde/metrics/pdebench.hpp>

#include <danaus/core/error.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <danaus/fft/serial_plan.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::pde {
namespace {

constexpr std::size_t low_band = 4, high_band = 12;

void accumulate(PdeBenchScores& sum, const PdeBenchScores& term, double factor) {
  sum.rmse += factor * term.rmse;
  sum.nrmse += factor * term.nrmse;
  sum.crmse += factor * term.crmse;
  sum.max_error += factor * term.max_error;
  sum.boundary_rmse += factor * term.boundary_rmse;
  for (std::size_t band = 0; band < 3; ++band) sum.fourier_rmse[band] += factor * term.fourier_rmse[band];
}

}  // namespace

MetricsProfile parse_metrics_profile(const std::string& name) {
  if (name == "fno") return MetricsProfile::fno;
  if (name == "pdebench") return MetricsProfile::pdebench;
  if (name == "corrected") return MetricsProfile::corrected;
  throw UsageError("metrics: expected fno, pdebench or corrected, found \"" + name + "\"");
}

/// Power of a real field summed over shells, from its half spectrum.
struct PdeBenchMetrics::Spectrum {
  Spectrum(std::size_t nx, std::size_t ny, std::size_t shells, bool quadrant)
      :  // A one-dimensional field is a single row, so that its axis is the halved one.
        last_(ny > 1 ? ny : nx),
        rows_(ny > 1 ? nx : 1),
        half_(last_ / 2 + 1),
        quadrant_(quadrant),
        plan_(fft::SerialPlan<double>::real_forward({{rows_, last_, half_}, {last_, 1, 1}}, {})),
        transform_(rows_ * half_),
        power_(shells),
        count_(shells) {}

  /// power()[shell] for the field (x, y).
  void compute(const std::vector<double>& field) {
    plan_(field.data(), transform_.data());
    std::fill(power_.begin(), power_.end(), 0.0);
    std::fill(count_.begin(), count_.end(), 0.0);
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < half_; ++j) {
        const long kx = fft::wavenumber(i, rows_);
        // The published sum runs over the indices below n/2 of both axes, each once.
        if (quadrant_ && ((rows_ > 1 && i >= rows_ / 2) || j >= last_ / 2)) continue;
        const auto shell = std::size_t(std::sqrt(double(kx * kx) + double(j * j)));
        if (shell >= power_.size()) continue;
        const double weight = quadrant_ ? 1.0 : double(fft::half_weight(j, last_));
        const Complex<double> z = transform_[i * half_ + j];
        power_[shell] += weight * (z.real() * z.real() + z.imag() * z.imag());
        count_[shell] += weight;
      }
    if (!quadrant_)
      for (std::size_t shell = 0; shell < power_.size(); ++shell)
        if (count_[shell] > 0) power_[shell] /= count_[shell];
  }
  const std::vector<double>& power() const { return power_; }

 private:
  std::size_t last_, rows_, half_;
  bool quadrant_;
  fft::SerialPlan<double> plan_;
  std::vector<Complex<double>> transform_;
  std::vector<double> power_, count_;
};

PdeBenchMetrics::PdeBenchMetrics(MetricsProfile profile, const TrajectoryShape& shape, std::size_t batch)
    : profile_(profile),
      shape_(shape),
      batch_(batch),
      shells_(std::max<std::size_t>(
          1, (shape.points_y > 1 ? std::min(shape.points_x, shape.points_y) : shape.points_x) / 2)),
      spectrum_(std::make_unique<Spectrum>(shape.points_x, shape.points_y, shells_,
                                           profile == MetricsProfile::pdebench)),
      sums_(empty_sums()) {}

PdeBenchMetrics::~PdeBenchMetrics() = default;

PdeBenchMetrics::Sums PdeBenchMetrics::empty_sums() const {
  const std::size_t fields = shape_.steps * shape_.channels;
  const std::vector<double> zero(fields, 0.0);
  return {0, zero, zero, zero, zero, zero, std::vector<double>(fields * shells_, 0.0)};
}

void PdeBenchMetrics::add(const float* prediction, const float* truth) {
  for (std::size_t step = 0; step < shape_.steps; ++step)
    for (std::size_t channel = 0; channel < shape_.channels; ++channel) {
      const std::size_t offset = step * shape_.frame_size() + channel;
      add_field(prediction + offset, truth + offset, step * shape_.channels + channel);
    }
  ++sums_.samples;
  if (profile_ == MetricsProfile::pdebench && sums_.samples == batch_) {
    batches_.push_back(scores_of(sums_));
    sums_ = empty_sums();
  }
}

void PdeBenchMetrics::add_field(const float* prediction, const float* truth, std::size_t field) {
  const std::size_t points = shape_.points_x * shape_.points_y;
  std::vector<double> error(points);
  double squares = 0, truth_squares = 0, sum = 0, largest = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const double u = truth[i * shape_.channels], e = double(prediction[i * shape_.channels]) - u;
    error[i] = e;
    squares += e * e;
    truth_squares += u * u;
    sum += e;
    largest = std::max(largest, std::abs(e));
  }
  const double mean = sum / double(points);
  sums_.rmse[field] += std::sqrt(squares / double(points));
  sums_.nrmse[field] += std::sqrt(truth_squares > 0 ? squares / truth_squares : squares / double(points));
  sums_.mean_squared[field] += mean * mean;
  sums_.max[field] = std::max(sums_.max[field], largest);
  sums_.boundary[field] += boundary(error);
  spectrum_->compute(error);
  for (std::size_t shell = 0; shell < shells_; ++shell)
    sums_.shells[field * shells_ + shell] += spectrum_->power()[shell];
}

/// The RMSE of the edge (corrected), or its square (pdebench).
double PdeBenchMetrics::boundary(const std::vector<double>& error) const {
  const std::size_t nx = shape_.points_x, ny = shape_.points_y;
  const bool twice = profile_ == MetricsProfile::pdebench;
  double sum = 0, count = 0;
  for (std::size_t x = 0; x < nx; ++x)
    for (std::size_t y = 0; y < ny; ++y) {
      const bool on_x = x == 0 || x == nx - 1, on_y = ny > 1 && (y == 0 || y == ny - 1);
      const double weight = twice ? double(on_x) + double(on_y) : double(on_x || on_y);
      sum += weight * error[x * ny + y] * error[x * ny + y];
      count += weight;
    }
  return twice ? sum / count : std::sqrt(sum / count);
}

PdeBenchScores PdeBenchMetrics::scores_of(const Sums& sums) const {
  const std::size_t fields = shape_.steps * shape_.channels;
  const double samples = double(sums.samples);
  const double points = double(shape_.points_x * shape_.points_y);
  const bool published = profile_ == MetricsProfile::pdebench;
  PdeBenchScores mean;
  for (std::size_t f = 0; f < fields; ++f) {
    PdeBenchScores score;
    score.rmse = sums.rmse[f] / samples;
    score.nrmse = sums.nrmse[f] / samples;
    score.crmse = std::sqrt(sums.mean_squared[f] / samples);
    score.max_error = sums.max[f];
    score.boundary_rmse = published ? std::sqrt(sums.boundary[f] / samples) : sums.boundary[f] / samples;
    std::array<double, 3> shells_in_band{};
    for (std::size_t shell = 0; shell < shells_; ++shell) {
      const std::size_t band = shell < low_band ? 0 : shell < high_band ? 1 : 2;
      score.fourier_rmse[band] += std::sqrt(sums.shells[f * shells_ + shell] / samples) / points;
      ++shells_in_band[band];
    }
    for (std::size_t band = 0; band < 3; ++band)
      if (shells_in_band[band] > 0) score.fourier_rmse[band] /= shells_in_band[band];
    accumulate(mean, score, 1.0 / double(fields));
  }
  if (!published) mean.max_error = *std::max_element(sums.max.begin(), sums.max.end());
  return mean;
}

PdeBenchScores PdeBenchMetrics::scores() const {
  if (profile_ != MetricsProfile::pdebench) return scores_of(sums_);
  std::vector<PdeBenchScores> batches = batches_;
  if (sums_.samples > 0) batches.push_back(scores_of(sums_));
  PdeBenchScores total;
  const double divisor = double(std::max<std::size_t>(1, batches.size() - 1));
  for (const auto& batch : batches) accumulate(total, batch, 1.0 / divisor);
  return total;
}

}  // namespace danaus::pde
