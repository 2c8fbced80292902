/** Whether the condition Ready holds for the spec as it is now. */
export function isReady({ metadata, status }) {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}
