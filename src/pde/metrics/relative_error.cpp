#include <danaus/pde/metrics/relative_error.hpp>

#include <cmath>

namespace danaus::pde {
namespace {

double ratio(double error_squared, double truth_squared) {
  return truth_squared > 0 ? std::sqrt(error_squared / truth_squared) : std::sqrt(error_squared);
}

}  // namespace

void RelativeError::add(const float* prediction, const float* truth) {
  double error = 0, norm = 0;
  for (std::size_t step = 0, i = 0; step < shape_.steps; ++step) {
    double step_error = 0, step_norm = 0;
    for (std::size_t end = i + shape_.frame_size(); i < end; ++i) {
      const double u = truth[i], difference = double(prediction[i]) - u;
      step_error += difference * difference;
      step_norm += u * u;
    }
    per_step_[step] += ratio(step_error, step_norm);
    error += step_error;
    norm += step_norm;
  }
  per_sample_.push_back(ratio(error, norm));
}

double RelativeError::relative_l2() const {
  double sum = 0;
  for (double error : per_sample_) sum += error;
  return sum / double(per_sample_.size());
}

std::vector<double> RelativeError::relative_l2_per_step() const {
  std::vector<double> mean = per_step_;
  for (double& error : mean) error /= double(samples());
  return mean;
}

}  // namespace danaus::pde
