import { z } from 'zod';

/** The part of a file that a rule reads; what stands beside it does not matter. */
export const partOf = <Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodType<z.output<z.ZodObject<Shape>>> => z.object(shape);
