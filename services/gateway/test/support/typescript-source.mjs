import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// Lets a child process run the source as it is: Node strips the types, but looks for the `.js` that the imports name.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL !== undefined) {
      const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL).href;
      if (existsSync(fileURLToPath(url))) return { url, shortCircuit: true };
    }
    return next(specifier, context);
  },
});
