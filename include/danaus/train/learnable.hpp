#pragma once

#include <danaus/autograd/parameter_store.hpp>

#include <map>
#include <string>

namespace danaus::train {

/// What checkpoints and optimisers know of a model: its parameters, and what builds it again.
template <class T>
class Learnable {
 public:
  virtual ~Learnable() = default;

  /// Training uses batch statistics and updates running ones, evaluation uses the running ones (BatchNorm).
  virtual void set_training(bool training) { (void)training; }

  ParameterStore<T>& parameters() { return parameters_; }
  const ParameterStore<T>& parameters() const { return parameters_; }

  /// Every hyper-parameter, by the name of its option: enough to build the model again.
  virtual std::map<std::string, std::string> hyper_parameters() const = 0;

 protected:
  ParameterStore<T> parameters_;
};

}  // namespace danaus::train
