#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace danaus {

/// Parameters of one group share their optimiser settings (learning-rate factor, weight decay, clipping).
enum class ParameterGroup {
  weights,    ///< ordinary weights
  transform,  ///< factors of learned transforms: own learning rate, no decay, gradient clipped apart
  state,      ///< carried along and stored but not learned: running statistics
};
inline constexpr ParameterGroup all_groups[] = {ParameterGroup::weights, ParameterGroup::transform,
                                                ParameterGroup::state};

/// What is known of one parameter: enough to store it under its name in its natural shape.
struct ParameterInfo {
  std::string name;  ///< "layer_0/spectral/weights"
  ParameterGroup group;
  std::vector<size_t> shape;  ///< natural shape, complex entries counted once
  bool is_complex;
  size_t offset = 0;  ///< first real number in the flat buffers; known once frozen
  size_t reals() const {
    size_t n = is_complex ? 2 : 1;
    for (size_t extent : shape) n *= extent;
    return n;
  }
};

/// Half-open range of the flat buffers.
struct FlatRange {
  size_t begin = 0, end = 0;
};

namespace detail {
template <class T>
struct ParameterBuffers {
  Tensor<T, 1> values, gradients;
  std::vector<ParameterInfo> parameters;
};
}  // namespace detail

/// A named tensor inside a ParameterStore: views of its values and of its gradient, valid once the store is
/// frozen.
template <class T, int R>
class Parameter {
 public:
  Parameter() = default;
  Tensor<T, R> value() const { return view(buffers_->values); }
  Tensor<T, R> grad() const { return view(buffers_->gradients); }
  const Shape<R>& shape() const { return shape_; }

 private:
  template <class>
  friend class ParameterStore;

  Tensor<T, R> view(const Tensor<real_t<T>, 1>& flat) const {
    return Tensor<T, R>(reinterpret_cast<T*>(flat.data() + buffers_->parameters[index_].offset),
                        layout_of<R>(shape_));
  }

  std::shared_ptr<detail::ParameterBuffers<real_t<T>>> buffers_;
  size_t index_ = 0;
  Shape<R> shape_{};
};

/// All parameters and all gradients of a model in two flat buffers of real numbers, so that the optimiser, an
/// all-reduce and a checkpoint each touch one buffer. Layers add their parameters; freeze() lays them out,
/// the groups one after the other, and sets all to zero. Each parameter starts at a multiple of 16 numbers;
/// the padding stays 0.
template <class T>
class ParameterStore {
 public:
  static constexpr size_t alignment = 16;

  ParameterStore() : buffers_(std::make_shared<detail::ParameterBuffers<T>>()) {}

  /// @tparam S  T or Complex<T>
  template <class S, int R>
  Parameter<S, R> add(const std::string& name, const Shape<R>& shape,
                      ParameterGroup group = ParameterGroup::weights) {
    static_assert(std::is_same_v<real_t<S>, T>);
    require_open(name);
    Parameter<S, R> parameter;
    parameter.buffers_ = buffers_;
    parameter.index_ = buffers_->parameters.size();
    parameter.shape_ = shape;
    buffers_->parameters.push_back({name, group, {shape.begin(), shape.end()}, is_complex_v<S>});
    return parameter;
  }

  void freeze();
  bool is_frozen() const { return frozen_; }

  const Tensor<T, 1>& values() const { return buffers_->values; }
  const Tensor<T, 1>& gradients() const { return buffers_->gradients; }
  const std::vector<ParameterInfo>& parameters() const { return buffers_->parameters; }
  FlatRange range(ParameterGroup group) const { return ranges_[int(group)]; }

  /// Learned numbers: complex ones count as two, or as one.
  size_t count_reals() const;
  size_t count_complex_as_one() const;

 private:
  void require_open(const std::string& name) const;

  std::shared_ptr<detail::ParameterBuffers<T>> buffers_;
  FlatRange ranges_[3];
  bool frozen_ = false;
};

}  // namespace danaus
