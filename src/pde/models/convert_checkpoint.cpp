#include <danaus/pde/models/convert_checkpoint.hpp>

#include <danaus/core/timer.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/pde/models/monarch_weights.hpp>
#include <danaus/train/checkpoint.hpp>
#include <danaus/train/transform_conversion.hpp>
#include <danaus/train/weight_conversion.hpp>

#include <algorithm>
#include <limits>

namespace danaus::pde {

namespace {

/// A model with all of its optimiser's state in host memory.
class Snapshot {
 public:
  using Flat = HostTensor<float, 1>;

  Snapshot(const ModelConfig& config, bool has_average)
      : model_(create_model(config, 0)),
        adam_(model_->parameters(), optim::AdamOptions{.ema = has_average ? 0.5 : 0.0}) {}

  train::Model<float>& model() { return *model_; }
  optim::Adam<float>& adam() { return adam_; }
  const std::vector<ParameterInfo>& parameters() const { return model_->parameters().parameters(); }
  const ParameterInfo* find(const std::string& name) const {
    for (const auto& p : parameters())
      if (p.name == name) return &p;
    return nullptr;
  }

  /// Values, first and second moments, averages (where there are any).
  std::vector<Tensor<float, 1>> buffers() const {
    std::vector<Tensor<float, 1>> list{model_->parameters().values(), adam_.first_moment(),
                                       adam_.second_moment()};
    if (adam_.has_average()) list.push_back(adam_.average());
    return list;
  }
  void download() {
    flat_.clear();
    for (const auto& buffer : buffers()) flat_.push_back(to_host(buffer));
  }
  void upload() const {
    for (size_t b = 0; b < flat_.size(); ++b) copy(buffers()[b], flat_[b]);
  }
  const std::vector<Flat>& flat() const { return flat_; }

 private:
  std::unique_ptr<train::Model<float>> model_;
  optim::Adam<float> adam_;
  std::vector<Flat> flat_;
};

/// One array of each buffer, in double.
template <int R>
std::vector<HostTensor<double, R>> arrays(const Snapshot& s, const std::string& name, const Shape<R>& shape) {
  const ParameterInfo& p = *s.find(name);
  std::vector<HostTensor<double, R>> list(4);
  for (size_t b = 0; b < s.flat().size(); ++b) {
    list[b] = HostTensor<double, R>("danaus::pde::convert_checkpoint", layout_of<R>(shape));
    for (size_t e = 0; e < list[b].size(); ++e) list[b].data()[e] = double(s.flat()[b](p.offset + e));
  }
  return list;
}
template <int R>
void set_arrays(const Snapshot& s, const std::string& name, const std::vector<HostTensor<double, R>>& list) {
  const ParameterInfo& p = *s.find(name);
  for (size_t b = 0; b < s.flat().size(); ++b)
    for (size_t e = 0; e < list[b].size(); ++e) s.flat()[b](p.offset + e) = float(list[b].data()[e]);
}

train::DenseWeightState read_dense(const Snapshot& s, const LinearWeightsEntry& entry) {
  const auto a = arrays<2>(s, entry.name, {entry.inputs, entry.outputs});
  return {a[0], a[1], a[2], a[3]};
}
train::MonarchWeightState read_monarch(const Snapshot& s, const LinearWeightsEntry& entry) {
  const auto shape = entry.monarch->shape(entry.inputs, entry.outputs);
  const auto l = arrays<3>(s, entry.name + "/left", shape.left());
  const auto r = arrays<3>(s, entry.name + "/right", shape.right());
  return {{l[0], l[1], l[2], l[3]}, {r[0], r[1], r[2], r[3]}};
}

std::string kind_of(const LinearWeightsEntry& entry) {
  return entry.monarch ? entry.monarch->to_string() : "dense";
}
size_t parameters_of(const LinearWeightsEntry& entry) {
  return entry.monarch ? entry.monarch->shape(entry.inputs, entry.outputs).parameters()
                       : entry.inputs * entry.outputs;
}

WeightConversion convert(const Snapshot& source, const LinearWeightsEntry& from, const Snapshot& target,
                         const LinearWeightsEntry& to, std::uint64_t updates) {
  const Timer timer;
  WeightConversion done{from.name,         from.inputs, from.outputs,
                        kind_of(from),     kind_of(to), parameters_of(from),
                        parameters_of(to), 0,           0};
  train::DenseWeightState dense;
  if (from.monarch)
    dense =
        train::to_dense(read_monarch(source, from), from.monarch->shape(from.inputs, from.outputs), updates);
  else
    dense = read_dense(source, from);
  if (to.monarch) {
    const auto m = train::to_monarch(dense, to.monarch->shape(to.inputs, to.outputs), &done.relative_error);
    const auto list = [](const train::MonarchWeightState::Factor& f) {
      return std::vector{f.value, f.first_moment, f.second_moment, f.average};
    };
    set_arrays<3>(target, to.name + "/left", list(m.left));
    set_arrays<3>(target, to.name + "/right", list(m.right));
  } else {
    set_arrays<2>(target, to.name, {dense.value, dense.first_moment, dense.second_moment, dense.average});
  }
  done.seconds = timer.seconds();
  return done;
}

using TransformFactor = train::TransformState::Factor;

/// The factor of a transform in each buffer; second moments belong to real and imaginary parts.
TransformFactor read_transform(const Snapshot& s, const ParameterInfo& p) {
  const Shape<3> shape{p.shape[0], p.shape[1], p.shape[2]};
  TransformFactor factor;
  train::TransformState::Blocks* parts[] = {&factor.value, &factor.first_moment, &factor.second_moment,
                                            &factor.average};
  for (size_t b = 0; b < s.flat().size(); ++b) {
    *parts[b] = train::TransformState::Blocks("danaus::pde::convert_checkpoint", layout_of<3>(shape));
    const float* reals = s.flat()[b].data() + p.offset;
    for (size_t e = 0; e < parts[b]->size(); ++e)
      parts[b]->data()[e] = Complex<double>(double(reals[2 * e]), double(reals[2 * e + 1]));
  }
  return factor;
}
void write_transform(const Snapshot& s, const ParameterInfo& p, const TransformFactor& factor) {
  const train::TransformState::Blocks* parts[] = {&factor.value, &factor.first_moment, &factor.second_moment,
                                                  &factor.average};
  for (size_t b = 0; b < s.flat().size(); ++b) {
    float* reals = s.flat()[b].data() + p.offset;
    for (size_t e = 0; e < parts[b]->size(); ++e) {
      reals[2 * e] = float(parts[b]->data()[e].real());
      reals[2 * e + 1] = float(parts[b]->data()[e].imag());
    }
  }
}

/// Learned transforms, "layer_0/basis/forward_y" and so on.
std::vector<std::string> transforms_of(const Snapshot& s) {
  std::vector<std::string> names;
  const std::string end = "/left";
  for (const auto& p : s.parameters())
    if (p.group == ParameterGroup::transform && p.name.ends_with(end))
      names.push_back(p.name.substr(0, p.name.size() - end.size()));
  return names;
}

WeightConversion multiply_out(const Snapshot& source, const Snapshot& target, const std::string& name,
                              std::uint64_t updates) {
  const Timer timer;
  const ParameterInfo &left = *source.find(name + "/left"), &right = *source.find(name + "/right");
  const ParameterInfo &new_left = *target.find(name + "/left"), &new_right = *target.find(name + "/right");
  const monarch::MonarchShape shape{right.shape[0], right.shape[2], left.shape[0], left.shape[1]};
  const auto dense = train::to_dense_transform({read_transform(source, left), read_transform(source, right)},
                                               shape, updates);
  write_transform(target, new_left, dense.left);
  write_transform(target, new_right, dense.right);
  return {name,
          shape.columns(),
          shape.rows(),
          "block=" + std::to_string(shape.right_columns),
          "dense",
          left.reals() + right.reals(),
          new_left.reals() + new_right.reals(),
          0,
          timer.seconds()};
}

}  // namespace

ModelConfig converted(const ModelConfig& config, const ConversionTarget& target) {
  ModelConfig result = config;
  result.monarch_weights = target.monarch_weights;
  linear_weights(result);  // checks the patterns
  if (!target.dense_transforms) return result;
  if (config.model != "monarch-no")
    throw UsageError("transforms: the model " + config.model + " learns none that could be multiplied out");
  if (config.points_x != config.points_y)
    throw UsageError("transforms: the grid has " + std::to_string(config.points_x) + " x " +
                     std::to_string(config.points_y) +
                     " points; only those of a square grid can be multiplied out");
  result.block = config.points_x + config.padding;
  return result;
}

CheckpointConversion convert_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to,
                                        const ConversionTarget& wanted, const io::FileHeader& header) {
  const ModelConfig config = ModelConfig::from_map(train::read_hyper_parameters(from));
  const ModelConfig new_config = converted(config, wanted);
  const bool has_average = io::Hdf5Reader(from).has_group("/ema");
  Snapshot source(config, has_average), target(new_config, has_average);
  train::TrainingState state = train::read_checkpoint(from, source.model(), source.adam());
  target.adam().set_updates(source.adam().updates());
  source.download();
  target.download();

  for (const auto& p : target.parameters())
    if (const ParameterInfo* same = source.find(p.name); same && same->shape == p.shape)
      for (size_t b = 0; b < target.flat().size(); ++b)
        std::copy_n(source.flat()[b].data() + same->offset, p.reals(), target.flat()[b].data() + p.offset);
  CheckpointConversion result;
  const auto before = linear_weights(config), after = linear_weights(new_config);
  bool is_exact = true;
  for (size_t e = 0; e < before.size(); ++e) {
    if (kind_of(before[e]) == kind_of(after[e])) continue;
    result.weights.push_back(convert(source, before[e], target, after[e], source.adam().updates()));
    is_exact = is_exact && !after[e].monarch;
  }
  if (new_config.block != config.block)
    for (const auto& name : transforms_of(source))
      result.weights.push_back(multiply_out(source, target, name, source.adam().updates()));
  target.upload();
  Kokkos::fence("danaus::pde::convert_checkpoint");

  state.result.reset();
  if (!is_exact) state.best = state.lowest_loss = std::numeric_limits<double>::infinity();
  result.parameters_before = source.model().parameters().count_reals();
  result.parameters_after = target.model().parameters().count_reals();
  train::write_checkpoint(to, header, target.model(), target.adam(), state);
  return result;
}

}  // namespace danaus::pde
