#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/core/random.hpp>

/// Freezes a store and gives it normal numbers, away from where symmetries could hide mistakes.
template <class T>
void randomize(danaus::ParameterStore<T>& store, double deviation = 0.4) {
  store.freeze();
  const auto host = danaus::to_host(store.values());
  const danaus::Random random(3, danaus::stream::test);
  for (const auto& p : store.parameters())
    for (size_t i = 0; i < p.reals(); ++i) host(p.offset + i) = T(deviation * random.normal(p.offset + i));
  danaus::copy(store.values(), host);
}
