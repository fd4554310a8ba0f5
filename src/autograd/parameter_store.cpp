#include <danaus/autograd/parameter_store.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus {

template <class T>
void ParameterStore<T>::require_open(const std::string& name) const {
  if (frozen_) throw std::logic_error("ParameterStore::add: '" + name + "' comes after freeze()");
  for (const auto& p : parameters())
    if (p.name == name) throw std::logic_error("ParameterStore::add: '" + name + "' is there already");
}

template <class T>
void ParameterStore<T>::freeze() {
  size_t size = 0;
  for (ParameterGroup group : all_groups) {
    ranges_[int(group)].begin = size;
    for (auto& p : buffers_->parameters) {
      if (p.group != group) continue;
      p.offset = size;
      size += (p.reals() + alignment - 1) / alignment * alignment;
    }
    ranges_[int(group)].end = size;
  }
  buffers_->values = zeros<T, 1>("danaus::ParameterStore::values", {size});
  buffers_->gradients = zeros<T, 1>("danaus::ParameterStore::gradients", {size});
  frozen_ = true;
}

template <class T>
size_t ParameterStore<T>::count_reals() const {
  size_t count = 0;
  for (const auto& p : parameters())
    if (p.group != ParameterGroup::state) count += p.reals();
  return count;
}

template <class T>
size_t ParameterStore<T>::count_complex_as_one() const {
  size_t count = 0;
  for (const auto& p : parameters())
    if (p.group != ParameterGroup::state) count += p.reals() / (p.is_complex ? 2 : 1);
  return count;
}

#define DANAUS_INSTANTIATE(T) template class ParameterStore<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus
