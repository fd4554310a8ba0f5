#include <danaus/pde/models/trained_operator.hpp>
#include <danaus/train/checkpoint.hpp>

namespace danaus::pde {

TrainedOperator::TrainedOperator(const std::filesystem::path& checkpoint)
    : config_(ModelConfig::from_map(train::read_hyper_parameters(checkpoint))),
      model_(create_model(config_, 0)),
      tape_(std::make_unique<Tape>(Exec{}, Recording::off)) {
  train::read_parameters(checkpoint, *model_, train::WeightsKind::averaged);
  model_->set_training(false);
}

Tensor<float, 4> TrainedOperator::operator()(const Exec& space,
                                             const std::vector<Tensor<float, 4>>& history) {
  if (history.size() != inputs())
    throw ShapeError("TrainedOperator: expected " + std::to_string(inputs()) + " frames, found " +
                     std::to_string(history.size()));
  const size_t batch = history[0].extent(0);
  std::vector<train::Frame<float>> frames;
  for (size_t f = 0; f < history.size(); ++f) {
    require_shape("TrainedOperator: frame " + std::to_string(f), history[f],
                  {batch, config_.points_x, config_.points_y, config_.input_channels});
    frames.push_back(train::Frame<float>::constant(history[f]));
  }
  tape_->reset();
  tape_->set_space(space);
  return model_->step(*tape_, frames).value;
}

}  // namespace danaus::pde
